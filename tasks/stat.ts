/** The `stat` module: tells what is at a path. */
import { dirname, isAbsolute, join } from 'node:path/posix';
import { Type } from 'typebox';
import { Choice, Flag } from '../src/core/args.ts';
import type { Probe } from '../src/core/probe.ts';
import { all, known } from '../src/core/probe.ts';
import type { PathState, Present } from '../src/core/probes/path.ts';
import { pathState } from '../src/core/probes/path.ts';
import { defineTask } from '../src/core/task-module.ts';
import type { ValueMap } from '../src/core/value.ts';
import { kindOf } from './files/file-attributes.ts';

interface Seen {
  readonly at: PathState;
  readonly md5: PathState | undefined;
}

export const stat = defineTask({
  name: 'stat',
  looksOnly: true,
  summary: 'Tell what is at a path of the host',
  args: Type.Object(
    {
      path: Type.String({ description: 'The path', minLength: 1 }),
      follow: Flag('Tell what a link points to', false),
      get_checksum: Flag('Tell the checksum of a file', true),
      checksum_algorithm: Choice(
        ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'],
        'Which checksum',
        'sha1',
      ),
      get_mime: Flag('Tell the kind of content, when the host has `file`', true),
      get_attributes: Flag('Tell the flags that lsattr shows', true),
      get_md5: Flag('Tell the MD5 checksum too', false),
    },
    { additionalProperties: false },
  ),
  aliases: {
    dest: 'path',
    name: 'path',
    checksum: 'checksum_algorithm',
    checksum_algo: 'checksum_algorithm',
    mime: 'get_mime',
    mime_type: 'get_mime',
    'mime-type': 'get_mime',
    attr: 'get_attributes',
    attributes: 'get_attributes',
  },
  examples: `
- stat:
    path: /etc/app.conf
  register: configuration

- debug:
    msg: There is no configuration yet
  when: not configuration.stat.exists
`,
  returns: {
    'stat.exists': 'Whether there is anything',
    'stat.isreg, stat.isdir, stat.islnk, ...': 'What it is',
    'stat.mode, stat.pw_name, stat.gr_name, stat.uid, stat.gid': 'Whose it is',
    'stat.size, stat.mtime, stat.atime, stat.ctime': 'Bytes; seconds since 1970',
    'stat.checksum': 'Of a file that can be read',
    'stat.lnk_source, stat.lnk_target': 'Of a link: where it leads in the end, and what it says',
  },
  probe: (given): Probe<Seen> => {
    const { path, follow } = given;
    const checksum = given.get_checksum ? given.checksum_algorithm : undefined;
    const none: Probe<PathState | undefined> = known(undefined);
    return all({
      at: pathState(path, { follow, checksum, mime: given.get_mime, flags: given.get_attributes }),
      md5: given.get_md5 ? pathState(path, { follow, checksum: 'md5' }) : none,
    });
  },
  plan: () => [],
  result: (given, { at, md5 }) => ({
    stat: at.exists ? told(given, at, md5?.exists ? md5.checksum : undefined) : { exists: false },
  }),
});

interface Wishes {
  readonly path: string;
  readonly get_mime: boolean;
  readonly get_attributes: boolean;
}

function told(given: Wishes, at: Present, md5: string | undefined): ValueMap {
  const known = at.owner === String(at.uid) ? {} : { pw_name: at.owner };
  const group = at.group === String(at.gid) ? {} : { gr_name: at.group };
  return {
    exists: true,
    path: given.path,
    ...types(at),
    ...permissions(at),
    uid: at.uid,
    gid: at.gid,
    size: at.size,
    inode: at.inode,
    dev: at.dev,
    nlink: at.nlink,
    atime: at.atime,
    mtime: at.mtime,
    ctime: at.ctime,
    readable: at.readable,
    writeable: at.writable,
    executable: at.executable,
    ...known,
    ...group,
    ...(kindOf(at) === 'link' ? { lnk_source: at.real ?? leadsTo(at), lnk_target: at.target ?? '' } : {}),
    ...(md5 === undefined ? {} : { md5 }),
    ...(at.checksum === undefined ? {} : { checksum: at.checksum }),
    ...(given.get_mime ? mime(at) : {}),
    ...(given.get_attributes ? flags(at) : {}),
  };
}

/** Where a link would lead, if that existed. */
function leadsTo({ path, target = '' }: Present): string {
  return isAbsolute(target) ? target : join(dirname(path), target);
}

function types({ type }: Present): ValueMap {
  return {
    isdir: type === 'directory',
    ischr: type === 'char',
    isblk: type === 'block',
    isreg: type === 'file',
    isfifo: type === 'fifo',
    islnk: type === 'link',
    issock: type === 'socket',
  };
}

function permissions({ mode }: Present): ValueMap {
  const bits = Number.parseInt(mode, 8);
  const names = ['rusr', 'wusr', 'xusr', 'rgrp', 'wgrp', 'xgrp', 'roth', 'woth', 'xoth'];
  return {
    mode,
    ...Object.fromEntries(names.map((name, i) => [name, (bits & (0o400 >> i)) !== 0])),
    isuid: (bits & 0o4000) !== 0,
    isgid: (bits & 0o2000) !== 0,
  };
}

function mime({ mime: text = '' }: Present): ValueMap {
  const [, type = 'unknown', charset = 'unknown'] = /^([^;]+); charset=(.+)$/.exec(text.trim()) ?? [];
  return { mimetype: type, charset };
}

const FLAGS: Readonly<Record<string, string>> = {
  A: 'noatime',
  a: 'append',
  c: 'compressed',
  C: 'nocow',
  d: 'nodump',
  D: 'dirsync',
  e: 'extents',
  E: 'encrypted',
  h: 'blocksize',
  i: 'immutable',
  I: 'indexed',
  j: 'journalled',
  N: 'inline',
  s: 'zero',
  S: 'synchronous',
  t: 'notail',
  T: 'blockroot',
  u: 'undelete',
  X: 'compressedraw',
  Z: 'compresseddirty',
};

function flags({ flags: text = '', version }: Present): ValueMap {
  const letters = [...text.replaceAll('-', '')];
  return {
    version: version ?? null,
    attr_flags: letters.join(''),
    attributes: letters.flatMap(letter => FLAGS[letter] ?? []),
  };
}
