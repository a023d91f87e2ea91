/** The `fail` module: fails, with a message. */
import { Type } from 'typebox';
import { Flag } from '../src/core/args.ts';
import { known } from '../src/core/probe.ts';
import { defineTask, refuse } from '../src/core/task-module.ts';

export const fail = defineTask({
  name: 'fail',
  looksOnly: true,
  summary: 'Fail with a message',
  args: Type.Object(
    {
      msg: Type.String({ description: 'Why', default: 'Failed as requested from task' }),
      busy: Flag(
        'Another run holds what this one needs: girofle-run exits with 5 where nothing else failed',
        false,
      ),
    },
    { additionalProperties: false },
  ),
  examples: `
- fail:
    msg: This host has less than 4 GB of memory
  when: ansible_memtotal_mb < 4000
`,
  returns: { msg: 'Why' },
  probe: () => known(undefined),
  plan: ({ msg, busy }) => refuse(msg, busy ? { result: { busy } } : {}),
});
