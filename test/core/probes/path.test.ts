import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Probe } from '../../../src/core/probe.ts';
import { contentKind, fileContent } from '../../../src/core/probes/content.ts';
import { anyMatch, globKind } from '../../../src/core/probes/glob.ts';
import type { Missing } from '../../../src/core/probes/path.ts';
import { missingFolders, pathKind, pathState } from '../../../src/core/probes/path.ts';
import { treeKind, treeState } from '../../../src/core/probes/tree.ts';
import { runShell, shells } from '../../support/shell.ts';

const here = mkdtempSync(join(tmpdir(), 'girofle-probes-'));
const at = (name: string) => join(here, name);
const ODD = `odd 'name'\n"with" $everything\\`;
const HELLO = 'f572d396fae9206628714fb2ce00f72e94f2258f';

beforeAll(() => {
  writeFileSync(at('hello'), 'hello\n', { mode: 0o640 });
  writeFileSync(at(ODD), 'hello\n');
  writeFileSync(at('back\\slash'), 'hello\n');
  writeFileSync(at('binary'), Buffer.from([0, 255, 10]));
  writeFileSync(at('latin1'), Buffer.from([0xe9]));
  mkdirSync(at('folder/inner'), { recursive: true });
  writeFileSync(at('folder/file'), 'x');
  symlinkSync('hello', at('link'));
  symlinkSync('nowhere', at('dangling'));
  symlinkSync('folder', at('tofolder'));
  symlinkSync('a\x1eb\x1fc', at('evil'));
  execFileSync('mkfifo', [at('fifo')]);
});
afterAll(() => rmSync(here, { recursive: true, force: true }));

const kinds = { path: pathKind, content: contentKind, tree: treeKind, glob: globKind };

describe.each(shells)('by %s', shell => {
  async function ask<T>(kind: keyof typeof kinds, probes: readonly Probe<T>[]): Promise<readonly T[]> {
    const queries = probes.flatMap(({ requests }) =>
      requests.flatMap(r => (r.via === 'shell' ? [r.query] : [])),
    );
    const { code, stdout, stderr } = await runShell(kinds[kind].script(queries).text, {
      shell,
      cwd: here,
      env: { HOME: '/root' },
    });
    expect([code, stderr]).toEqual([0, '']);
    const parts = stdout.split('\x1e');
    expect(parts).toHaveLength(queries.length + 1);
    return probes.map((probe, i) => probe.read([{ via: 'shell', value: parts[i] ?? '' }]));
  }

  test('many paths are told in the order in which they were asked', async () => {
    const states = await ask('path', [
      pathState(at('nothing')),
      pathState(at('hello'), { checksum: 'sha1' }),
      pathState(at(ODD), { checksum: 'sha1' }),
      pathState(at('back\\slash'), { checksum: 'md5' }),
      pathState(at('link'), { checksum: 'sha1' }),
      pathState(at('link'), { checksum: 'sha1', follow: true }),
      pathState(at('dangling'), { follow: true }),
      pathState(at('evil')),
      pathState(at('fifo'), { checksum: 'sha256' }),
      pathState(at('folder/inner'), { empty: true }),
      pathState(at('folder/'), { empty: true, checksum: 'sha1' }),
      pathState('/dev/null'),
    ]);
    const seen = states.map(s =>
      s.exists ? [s.type, s.mode, s.checksum, s.target, s.real, s.empty] : ['nothing', s.danglingTo],
    );
    expect(seen).toEqual([
      ['nothing', undefined],
      ['file', '0640', HELLO, undefined, undefined, false],
      ['file', '0644', HELLO, undefined, undefined, false],
      ['file', '0644', 'b1946ac92492d2347c6235b4d2611184', undefined, undefined, false],
      ['link', '0777', undefined, 'hello', at('hello'), false],
      ['file', '0640', HELLO, 'hello', at('hello'), false],
      ['nothing', 'nowhere'],
      ['link', '0777', undefined, undefined, undefined, false],
      ['fifo', '0644', undefined, undefined, undefined, false],
      ['directory', '0755', undefined, undefined, undefined, true],
      ['directory', '0755', undefined, undefined, undefined, false],
      ['char', '0666', undefined, undefined, undefined, false],
    ]);
  });

  test('a missing path tells what is there above it', async () => {
    const [far, below, relative] = await ask('path', [
      pathState(at('a/b/c')),
      pathState(at('hello/x')),
      pathState('p/q'),
    ]);
    expect([far, below, relative]).toEqual([
      { exists: false, path: at('a/b/c'), umask: 0o022, ancestor: here, ancestorIsDirectory: true },
      { exists: false, path: at('hello/x'), umask: 0o022, ancestor: at('hello'), ancestorIsDirectory: false },
      { exists: false, path: 'p/q', umask: 0o022, ancestor: '.', ancestorIsDirectory: true },
    ]);
    expect([far, relative].map(state => missingFolders(state as Missing))).toEqual([
      [at('a'), at('a/b'), at('a/b/c')],
      ['p', 'p/q'],
    ]);
  });

  test('the host resolves ~ and its own variables', async () => {
    const states = await ask(
      'path',
      ['~', '~root/x', '$HOME/x', '${HOME}x', '$NO_SUCH/x', 'a~b', '/'].map(path => pathState(path)),
    );
    expect(states.map(({ path }) => path)).toEqual([
      '/root',
      '/root/x',
      '/root/x',
      '/rootx',
      '$NO_SUCH/x',
      'a~b',
      '/',
    ]);
  });

  test('the text of a file is told when it is text, small, and not known already', async () => {
    const contents = await ask('content', [
      fileContent(at('hello')),
      fileContent(at('hello'), 100, HELLO),
      fileContent(at('hello'), 5),
      fileContent(at(ODD), 100, HELLO),
      fileContent(at('nothing'), 100, HELLO),
      fileContent(at('hello'), 100, '0'.repeat(40)),
      fileContent(at('binary')),
      fileContent(at('latin1')),
      fileContent(at('fifo')),
      fileContent(at('folder')),
    ]);
    expect(contents).toEqual([
      { exists: true, same: false, content: 'hello\n' },
      { exists: true, same: true, content: null },
      { exists: true, same: false, content: null },
      { exists: true, same: true, content: null },
      { exists: false, same: false, content: null },
      { exists: true, same: false, content: 'hello\n' },
      { exists: true, same: false, content: null },
      { exists: true, same: false, content: null },
      { exists: false, same: false, content: null },
      { exists: false, same: false, content: null },
    ]);
  });

  test('a tree is told whatever its names', async () => {
    const [plain = [], followed = [], none] = await ask('tree', [
      treeState(here, { checksums: true }),
      treeState(here, { follow: true }),
      treeState(at('nothing')),
    ]);
    const shown = plain.map(({ relative, type, sha1, target }) => [relative, type, sha1, target]).sort();
    expect(shown).toEqual(
      [
        ['back\\slash', 'file', undefined, undefined],
        ['binary', 'file', expect.stringMatching(/^[0-9a-f]{40}$/), undefined],
        ['dangling', 'link', undefined, 'nowhere'],
        ['evil', 'link', undefined, undefined],
        ['fifo', 'fifo', undefined, undefined],
        ['folder', 'directory', undefined, undefined],
        ['folder/file', 'file', '11f6ad8ec52a2984abaafd7c3b516503785c2072', undefined],
        ['folder/inner', 'directory', undefined, undefined],
        ['hello', 'file', HELLO, undefined],
        ['latin1', 'file', expect.stringMatching(/^[0-9a-f]{40}$/), undefined],
        ['link', 'link', undefined, 'hello'],
        [ODD, 'file', undefined, undefined],
        ['tofolder', 'link', undefined, 'folder'],
      ].sort(),
    );
    const names = followed.map(({ relative, type }) => `${type} ${relative}`);
    expect(names).toEqual(expect.arrayContaining(['file link', 'file tofolder/file', 'directory tofolder']));
    expect(names).not.toContain('link dangling');
    expect(none).toEqual([]);
  });

  test('a pattern matches as the shell has it', async () => {
    const patterns: [string, string][] = [
      ['he*', here],
      ['nothing*', here],
      [at('[a-h]ello'), ''],
      [at('[!h]ello'), ''],
      [at('dangling'), ''],
      [at(ODD), ''],
      ['*', at('nothing')],
      ['hel?o', here],
    ];
    const found = await ask(
      'glob',
      patterns.map(([pattern, folder]) => anyMatch(pattern, folder)),
    );
    expect(found).toEqual([true, false, true, false, true, true, false, true]);
  });
});

test('forty paths cost the host one stat and one sha1sum', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'girofle-counted-'));
  for (const name of ['stat', 'sha1sum', 'readlink', 'ls', 'sh']) {
    const script = `#!/bin/sh\necho ${name} >> ${folder}/log\nexec /usr/bin/${name} "$@"\n`;
    writeFileSync(join(folder, name), script, { mode: 0o755 });
  }
  const queries = Array.from({ length: 40 }, (_, i) => [at(i % 2 ? 'hello' : `no${i}`), '', 'sha1', '']);
  const { stdout } = await runShell(pathKind.script(queries).text, {
    env: { PATH: `${folder}:/usr/bin:/bin` },
  });
  expect(stdout.split(HELLO)).toHaveLength(21);
  expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('stat\nsha1sum\n');
  rmSync(folder, { recursive: true });
});
