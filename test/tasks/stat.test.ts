import { stat } from '../../tasks/stat.ts';
import { conforms } from '../support/conformance.ts';

conforms(stat, {
  cases: [
    {
      does: 'finds nothing',
      args: { path: 'HERE/no/where' },
      says: [],
      returns: { stat: { exists: false } },
    },
    {
      does: 'tells all about a file',
      given: 'echo hello > f; chmod 4751 f; touch -d @1000000000 f; chattr +i f',
      args: { path: 'HERE/f', get_md5: true },
      says: [],
      returns: {
        stat: {
          exists: true,
          path: 'HERE/f',
          isreg: true,
          isdir: false,
          islnk: false,
          mode: '4751',
          rusr: true,
          xgrp: true,
          wgrp: false,
          xoth: true,
          isuid: true,
          isgid: false,
          size: 6,
          mtime: 1000000000,
          nlink: 1,
          uid: 0,
          gid: 0,
          pw_name: 'root',
          gr_name: 'root',
          readable: true,
          executable: true,
          checksum: 'f572d396fae9206628714fb2ce00f72e94f2258f',
          md5: 'b1946ac92492d2347c6235b4d2611184',
          mimetype: 'text/plain',
          charset: 'us-ascii',
        },
      },
    },
    {
      does: 'tells what a link says and where it leads',
      given: 'mkdir d; touch d/f; ln -s d/f l',
      args: { path: 'HERE/l' },
      says: [],
      returns: { stat: { islnk: true, isreg: false, lnk_target: 'd/f', lnk_source: 'HERE/d/f' } },
    },
    {
      does: 'follows a link',
      given: 'echo hello > f; ln -s f l',
      args: { name: 'HERE/l', follow: true, checksum_algorithm: 'sha256' },
      says: [],
      returns: {
        stat: {
          islnk: false,
          isreg: true,
          size: 6,
          checksum: '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03',
        },
      },
    },
    {
      does: 'tells a fifo without opening it',
      given: 'mkfifo p',
      args: { path: 'HERE/p', get_mime: false, get_attributes: false },
      says: [],
      returns: { stat: { exists: true, isfifo: true } },
    },
    {
      does: 'knows owners that have no name',
      given: 'touch f; chown 54321:54322 f',
      args: { path: 'HERE/f' },
      says: [],
      returns: { stat: { uid: 54321, gid: 54322 } },
    },
  ],
  denials: [
    {
      when: 'a folder that the user may not search',
      given: 'mkdir -m 700 d; touch d/f',
      args: { path: 'HERE/d/f' },
      unprivileged: true,
      says: 'HERE/d/f cannot be looked at: HERE/d may not be searched by this user',
    },
  ],
  wrong: [{ args: {}, says: ['missing argument "path" of stat'] }],
});
