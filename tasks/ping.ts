/** ping: tells that a host can be reached and runs commands. */
import { Type } from 'typebox';
import { known, probe } from '../src/core/probe.ts';
import { sh } from '../src/core/sh.ts';
import { defineTask, refuse } from '../src/core/task-module.ts';

export const ping = defineTask({
  name: 'ping',
  looksOnly: true,
  summary: 'Tell that a host can be reached and runs commands',
  args: Type.Object(
    { data: Type.String({ description: 'What to answer; `crash` fails', default: 'pong' }) },
    { additionalProperties: false },
  ),
  examples: `
- name: Is it there?
  ping:
`,
  returns: { ping: 'What `data` says: pong' },
  probe: ({ data }) => (data === 'crash' ? known(true) : probe(sh`:`, () => true)),
  plan: ({ data }) => (data === 'crash' ? refuse('crashed, as asked for') : []),
  result: ({ data }) => ({ ping: data }),
});
