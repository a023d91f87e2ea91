/** `girofle-run restore` where nobody can answer, or with words that are wrong: said, and nothing looked at. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

const CLI = resolve(process.env.GIROFLE_TEST_CLI ?? 'dist/cli.js');
beforeAll(() => {
  if (!existsSync(CLI)) throw new Error(`${CLI} is missing: npm run build`);
});

function girofle(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { code: status, stdout, stderr };
}

test('without arguments and without a terminal it says what to write instead', () => {
  expect(girofle('restore')).toEqual({
    code: 4,
    stdout: '',
    stderr: `restore asks which container, which directory and which backup, and there is no terminal to answer at. Say it in words:
  girofle-run restore CONTAINER DIRECTORY
  girofle-run playbooks/restore.yml -e target_host=vm1 -e instance=2 [-e backup=DATE] [-e from=REMOTE] [-e address=192.0.2.12]
`,
  });
});

test('with one argument it says what is missing, and shows the help', () => {
  const { code, stdout, stderr } = girofle('restore', 'web');
  const help = girofle('restore', '--help');
  expect([code, stdout]).toEqual([4, '']);
  expect(stderr).toBe(
    `restore takes a container and its directory: the directory of web is missing\n\n${help.stdout}`,
  );
  expect(help.stdout).toContain('Usage: girofle-run restore [options] [command] [container] [directory]');
});

test('with three it names the one that is too much', () => {
  const { code, stderr } = girofle('restore', 'web', '/girofle/noeud-gitlab-1', 'more');
  expect(code).toBe(4);
  expect(stderr).toMatch(/^restore takes a container and its directory, and nothing more: "more"\n\nUsage: /);
});

test.each([
  [['restore', 'confirm', 'two'], '"two" is no number of an instance: girofle-run restore confirm 2\n'],
  [
    ['restore', 'confirm'],
    'restore confirm removes what was there before a restore, and there is no terminal to ask at: say -y\n',
  ],
])('%j is refused with 4', (args, stderr) => {
  expect(girofle(...args)).toEqual({ code: 4, stdout: '', stderr });
});
