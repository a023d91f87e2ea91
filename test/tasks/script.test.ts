import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { script } from '../../tasks/script.ts';
import { conforms } from '../support/conformance.ts';
import { withDefaults } from '../support/module-args.ts';

const folder = mkdtempSync(join(tmpdir(), 'girofle-controller-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'files'));
writeFileSync(join(folder, 'files/say.sh'), '#!/bin/sh\nprintf "%s|" "$@" "$(pwd)"; echo done >made\n');
writeFileSync(join(folder, 'files/plain'), 'echo "by $0" | sed "s/.*plain/plain/"\n');
writeFileSync(join(folder, 'files/empty'), '');
writeFileSync(join(folder, 'files/fails'), '#!/bin/sh\necho no >&2; exit 3\n');
const options = { folder };

conforms(script, {
  cases: [
    {
      does: 'runs it with its arguments, and takes it away',
      args: { cmd: "say.sh one 'two words' '$x'", chdir: 'HERE' },
      options,
      says: ["run: say.sh one 'two words' '$x'"],
      leaves: { run: 'cat made', prints: 'done\n' },
      returns: { rc: 0, stdout: 'one|two words|$x|HERE|' },
      repeats: true,
    },
    {
      does: 'runs it by a program that is named',
      args: { cmd: 'plain', executable: '/bin/sh' },
      options,
      says: ['run: plain'],
      returns: { rc: 0, stdout: 'plain' },
      repeats: true,
    },
    {
      does: 'does not run when what it makes is there',
      given: ': >made',
      args: { cmd: 'say.sh', chdir: 'HERE', creates: 'made' },
      options,
      says: [],
      returns: { rc: 0, stdout: 'skipped, since made exists' },
    },
  ],
  denials: [
    {
      when: 'there is no such script',
      args: { cmd: 'none.sh' },
      options,
      says: 'no file none.sh on the controller, neither in files/ nor beside the playbook',
    },
    {
      when: 'it fails',
      args: { cmd: 'fails' },
      options,
      says: 'non-zero return code',
    },
  ],
  wrong: [
    { args: { cmd: '' }, says: ['no script given'] },
    { args: { cmd: "a 'b" }, says: ["no closing ' in: a 'b"] },
  ],
});

test('a script that is not held in memory is refused', () => {
  const file = {
    path: '/x/large',
    content: { file: '/x/large', size: 2e6 },
    size: 2e6,
    sha1: '',
    mode: '0755',
  };
  const context = { host: 'h', planning: false, verbosity: 0 };
  const args = withDefaults(script, { cmd: 'large' });
  expect(script.plan(args, { created: false, toRemove: true, file }, context)).toEqual({
    refusal: '/x/large is larger than 1 MiB: copy it and run it',
  });
});
