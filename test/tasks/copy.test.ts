import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { copy } from '../../tasks/copy.ts';
import { conforms } from '../support/conformance.ts';
import { runModule } from '../support/run-module.ts';

const folder = mkdtempSync(join(tmpdir(), 'girofle-controller-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'files/site/sub/empty'), { recursive: true });
writeFileSync(join(folder, 'files/hello'), 'hello\n', { mode: 0o644 });
writeFileSync(join(folder, 'files/run.sh'), '#!/bin/sh\n', { mode: 0o755 });
writeFileSync(join(folder, 'files/large'), Buffer.alloc(200_000, 0));
writeFileSync(join(folder, 'files/site/index'), 'index\n');
writeFileSync(join(folder, 'files/site/sub/page'), 'page\n');
symlinkSync('index', join(folder, 'files/site/home'));

const options = { folder };
const HELLO = 'f572d396fae9206628714fb2ce00f72e94f2258f';

conforms(copy, {
  cases: [
    {
      does: 'puts a file in place',
      args: { src: 'hello', dest: 'HERE/h', mode: '0640', owner: 'daemon', group: 'daemon' },
      options,
      says: ['create HERE/h, mode 0640, owner daemon, group daemon'],
      leaves: { run: 'cat h; stat -c "%a %U %G" h; ls -A', prints: 'hello\n640 daemon daemon\nh\n' },
      returns: {
        dest: 'HERE/h',
        src: 'hello',
        checksum: HELLO,
        mode: '0640',
        owner: 'daemon',
        size: 6,
        state: 'file',
      },
    },
    {
      does: 'puts a file into a directory that is there',
      given: 'mkdir d',
      args: { src: 'hello', dest: 'HERE/d' },
      options,
      says: ['create HERE/d/hello, mode 0644'],
      returns: { dest: 'HERE/d/hello' },
    },
    {
      does: 'makes the directory that a slash at the end names',
      args: { src: 'hello', dest: 'HERE/a/b/', directory_mode: '0711' },
      options,
      says: ['create directories HERE/a, HERE/a/b, mode 0711', 'create HERE/a/b/hello, mode 0644'],
      leaves: { run: 'stat -c "%a %n" a a/b a/b/hello', prints: '711 a\n711 a/b\n644 a/b/hello\n' },
    },
    {
      does: 'keeps mode and owner of the file it replaces',
      given: 'echo old > h; chmod 600 h; chown daemon h',
      args: { src: 'hello', dest: 'HERE/h' },
      options,
      says: ['change the content of HERE/h'],
      leaves: { run: 'stat -c "%a %U" h', prints: '600 daemon\n' },
    },
    {
      does: 'keeps a backup',
      given: 'echo old > h; chmod 600 h',
      args: { src: 'hello', dest: 'HERE/h', backup: true },
      options,
      says: ['change the content of HERE/h, keeping a backup'],
      leaves: { run: 'cat h.*~; stat -c %a h.*~', prints: 'old\n600\n' },
    },
    {
      does: 'changes only the mode when the content is the same',
      given: 'echo hello > h; chmod 600 h',
      args: { src: 'hello', dest: 'HERE/h', mode: 'u+x' },
      options,
      says: ['change mode of HERE/h: 0600 → 0700'],
    },
    {
      does: 'leaves a file that exists without force',
      given: 'echo old > h',
      args: { src: 'hello', dest: 'HERE/h', force: false, mode: '0600' },
      options,
      says: [],
      leaves: { run: 'cat h', prints: 'old\n' },
    },
    {
      does: 'preserves the mode of the source',
      args: { src: 'run.sh', dest: 'HERE/run', mode: 'preserve' },
      options,
      says: ['create HERE/run, mode 0755'],
    },
    {
      does: 'uploads a large file',
      args: { src: 'large', dest: 'HERE/large' },
      options,
      says: ['create HERE/large, mode 0644'],
      leaves: {
        run: 'sha1sum <large; ls -A',
        prints: 'e0798a0a2e0fe6856358d6c4225dde2c632e9263  -\nlarge\n',
      },
    },
    {
      does: 'replaces a link by a file',
      given: 'echo other > o; ln -s o h',
      args: { src: 'hello', dest: 'HERE/h' },
      options,
      says: ['replace the link HERE/h by a file'],
      leaves: { run: 'cat h o', prints: 'hello\nother\n' },
    },
    {
      does: 'writes what a link leads to when told to follow',
      given: 'mkdir d; echo other > d/o; ln -s d/o h',
      args: { src: 'hello', dest: 'HERE/h', follow: true },
      options,
      says: ['change the content of HERE/d/o'],
      leaves: { run: 'cat d/o; readlink h', prints: 'hello\nd/o\n' },
      returns: { dest: 'HERE/d/o' },
    },
    {
      does: 'writes a text',
      args: { content: 'naïve $HOME `id` \'"\n', dest: 'HERE/t', mode: '0600' },
      says: ['create HERE/t, mode 0600'],
      leaves: { run: 'cat t', prints: 'naïve $HOME `id` \'"\n' },
    },
    {
      does: 'writes a map as JSON',
      args: { content: { a: [1, true, null], b: 'x' }, dest: 'HERE/t' },
      says: ['create HERE/t, mode 0644'],
      leaves: { run: 'cat t', prints: '{"a": [1, true, null], "b": "x"}' },
    },
    {
      does: 'writes an empty file',
      args: { content: '', dest: 'HERE/t' },
      says: ['create HERE/t, mode 0644'],
    },
    {
      does: 'asks a validator, by words and not by a shell',
      args: { content: 'good', dest: 'HERE/t', validate: `grep -q "go*d" %s` },
      says: ['create HERE/t, mode 0644'],
    },
    {
      does: 'copies a directory',
      args: { src: 'site', dest: 'HERE/www', directory_mode: '0711', mode: '0600', owner: 'daemon' },
      options,
      says: [
        'create directories HERE/www, HERE/www/site, HERE/www/site/sub, HERE/www/site/sub/empty, mode 0711, owner daemon',
        'create HERE/www/site/home, mode 0600, owner daemon',
        'create HERE/www/site/index, mode 0600, owner daemon',
        'create HERE/www/site/sub/page, mode 0600, owner daemon',
      ],
      leaves: { run: 'cat www/site/home; stat -c "%a %U" www/site/sub/empty', prints: 'index\n711 daemon\n' },
      returns: { dest: 'HERE/www/', src: 'site' },
    },
    {
      does: 'copies what is in a directory, links as links, and what differs only',
      given: 'mkdir -p www/sub/empty; echo page > www/sub/page; echo old > www/index; touch www/other',
      args: { src: 'site/', dest: 'HERE/www', local_follow: false },
      options,
      says: ['change the content of HERE/www/index', 'create link HERE/www/home → index'],
      leaves: { run: 'ls www; cat www/home', prints: 'home\nindex\nother\nsub\nindex\n' },
    },
    {
      does: 'copies a file on the host',
      given: 'echo hello > h; chmod 750 h',
      args: { src: 'HERE/h', dest: 'HERE/copy', remote_src: true, mode: 'preserve' },
      says: ['copy HERE/h to HERE/copy, mode 0750'],
      leaves: { run: 'stat -c %a copy', prints: '750\n' },
      returns: { checksum: HELLO, dest: 'HERE/copy' },
    },
    {
      does: 'copies a directory on the host',
      given: 'mkdir -p from/d/e; echo f > from/d/f; chmod 640 from/d/f; ln -s f from/d/l',
      args: { src: 'HERE/from/', dest: 'HERE/to', remote_src: true, local_follow: false },
      says: [
        'create directories HERE/to, HERE/to/d, HERE/to/d/e, mode 0755',
        'copy HERE/to/d/f from HERE/from',
        'create link HERE/to/d/l → f',
      ],
      leaves: {
        run: 'stat -c %a to/d/f; readlink to/d/l; ls -A to to/d',
        prints: '640\nf\nto:\nd\n\nto/d:\ne\nf\nl\n',
      },
    },
  ],
  denials: [
    {
      when: 'a text over a directory',
      given: 'mkdir d',
      args: { content: 'x', dest: 'HERE/d' },
      says: 'can not use content with a dir as dest: HERE/d',
    },
    {
      when: 'a file with another checksum',
      args: { src: 'hello', dest: 'HERE/h', checksum: '0'.repeat(40) },
      options,
      says: 'the file does not have the expected checksum',
    },
    {
      when: 'a source that is not there',
      args: { src: 'nope', dest: 'HERE/h' },
      options,
      says: 'no file nope on the controller, neither in files/ nor beside the playbook',
    },
    {
      when: 'a source that the host does not have',
      args: { src: 'HERE/nope', dest: 'HERE/h', remote_src: true },
      says: 'Source HERE/nope not found',
    },
    {
      when: 'content that a validator does not accept',
      given: 'echo old > t',
      args: { content: 'bad', dest: 'HERE/t', validate: 'grep good %s' },
      says: 'the new content of HERE/t was refused by grep:',
    },
    {
      when: 'a directory that is not there',
      args: { content: 'x', dest: 'HERE/no/t' },
      says: 'cannot write t: the directory HERE/no does not exist',
    },
    {
      when: 'a directory that may not be written',
      given: 'mkdir d',
      args: { content: 'x', dest: 'HERE/d/t' },
      unprivileged: true,
      says: 'cannot write into HERE/d: it is not writable, read-only or full',
    },
    {
      when: 'a fifo',
      given: 'mkfifo p',
      args: { content: 'x', dest: 'HERE/p' },
      says: 'will not replace HERE/p: it is a fifo',
    },
  ],
  wrong: [
    { args: { dest: '/x' }, says: ['src or content is needed'] },
    { args: { dest: '/x', src: 'a', content: 'b' }, says: ['src and content exclude each other'] },
    {
      args: { dest: '/x', content: 'b', validate: 'visudo -c' },
      says: ['validate must contain %s: visudo -c'],
    },
  ],
});

test('a change of text has a diff, and a binary one has none', async () => {
  const here = mkdtempSync(join(tmpdir(), 'girofle-diff-'));
  writeFileSync(join(here, 'text'), 'before\n');
  writeFileSync(join(here, 'binary'), Buffer.from([0, 1]));
  const diffs = async (name: string) => {
    const planned = await runModule(copy, { content: 'after\n', dest: join(here, name) }, { planOnly: true });
    return planned.steps.map(step => step.diff);
  };
  expect(await diffs('text')).toEqual([{ title: join(here, 'text'), before: 'before\n', after: 'after\n' }]);
  expect(await diffs('new')).toEqual([{ title: join(here, 'new'), before: null, after: 'after\n' }]);
  expect(await diffs('binary')).toEqual([undefined]);
  rmSync(here, { recursive: true });
});
