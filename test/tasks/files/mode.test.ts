import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { applyMode, octal } from '../../../tasks/files/mode.ts';

const here = mkdtempSync(join(tmpdir(), 'girofle-mode-'));
afterAll(() => rmSync(here, { recursive: true, force: true }));
writeFileSync(join(here, 'file'), '');
mkdirSync(join(here, 'directory'));

const specs = [
  'u=rwX,g=rX,o=',
  'a+x',
  '+x',
  '-w',
  '=r',
  'u+s',
  'g+s,o+t',
  'ug=rw,o=r',
  'g=u',
  'o=g-w',
  'u=rwx,g=u-w,o=g-rx',
  'a=',
  'go-rwx,u+X',
  'u-x+s',
  'o+w+t',
];
const starts = [0o644, 0o755, 0o600, 0o7777, 0o0, 0o111];

test.each(specs)('%s means what chmod means by it', spec => {
  for (const name of ['file', 'directory']) {
    // What `=` does to the setuid and setgid bits of a directory differs between GNU's chmod and Ansible; we follow Ansible.
    for (const start of name === 'file' ? starts : starts.filter(mode => mode <= 0o1777)) {
      chmodSync(join(here, name), start);
      execFileSync('sh', [
        '-c',
        'umask 022; chmod -- "$1" "$2" 2>/dev/null || :',
        'sh',
        spec,
        join(here, name),
      ]);
      const expected = octal(statSync(join(here, name)).mode);
      const mode = applyMode(spec, { current: start, directory: name === 'directory', umask: 0o022 });
      expect(`${name} ${octal(start)} → ${octal(mode)}`).toBe(`${name} ${octal(start)} → ${expected}`);
    }
  }
});

test('octal digits are taken as they stand', () => {
  const base = { current: 0o7777, directory: true, umask: 0o022 };
  expect([applyMode('644', base), applyMode('02755', base)]).toEqual([0o644, 0o2755]);
  expect(octal(0o10644)).toBe('0644');
});

test('on a directory = takes setuid and setgid away, as Ansible has it', () => {
  expect(octal(applyMode('u=rwx,g=rx,o=', { current: 0o6777, directory: true, umask: 0o022 }))).toBe('0750');
});
