/** wait_for: waits for a port, a file, a text, or for connections to end. */
import { Type } from 'typebox';
import { Choice, Words, words } from '../src/core/args.ts';
import { defineTask } from '../src/core/task-module.ts';
import { observeCondition, planWait, waitResult } from './wait/plan-wait.ts';
import { TCP_STATES } from './wait/tcp-table.ts';

const seconds = (description: string, byDefault: number) =>
  Type.Integer({ description, default: byDefault, minimum: 0 });

export const wait_for = defineTask({
  name: 'wait_for',
  looksOnly: true,
  summary: 'Wait for a port to open or close, a file, a text, or for connections to end',
  description:
    'Ports are tried from the host. When the condition holds already and there is no `delay`, nothing is waited for. With neither ' +
    'port nor path it pauses for `timeout` seconds. `search_regex` is a JavaScript regular expression, where ^ and $ match at lines.',
  args: Type.Object(
    {
      host: Type.String({ description: 'Name or address, as the host sees it', default: '127.0.0.1' }),
      port: Type.Optional(Type.Integer({ description: 'Port to try', minimum: 1, maximum: 65_535 })),
      path: Type.Optional(Type.String({ description: 'File to look for' })),
      search_regex: Type.Optional(
        Type.String({ description: 'What the file must hold, or what the port must say after connecting' }),
      ),
      state: Choice(['started', 'present', 'stopped', 'absent', 'drained'], 'What to wait for', 'started'),
      timeout: seconds('Give up after so many seconds', 300),
      connect_timeout: seconds('Seconds for one attempt to connect', 5),
      delay: seconds('Seconds before the first look', 0),
      sleep: seconds('Seconds between looks', 1),
      exclude_hosts: Type.Optional(Words('With `drained`: addresses whose connections do not count')),
      active_connection_states: Words('With `drained`: the TCP states that count', TCP_STATES),
      msg: Type.Optional(Type.String({ description: 'What to say on failure instead' })),
    },
    { additionalProperties: false },
  ),
  examples: `
- name: The registry answers
  wait_for:
    port: 5000
    timeout: 60

- name: The old process is gone
  wait_for:
    path: /run/old.pid
    state: absent
`,
  returns: {
    elapsed: 'Seconds waited',
    state: 'As given',
    port: 'As given',
    path: 'As given',
    search_regex: 'As given',
    match_groups: "The groups of search_regex's match",
    match_groupdict: 'Its named groups',
  },
  check: ({ port, path, state, search_regex, exclude_hosts, active_connection_states }) => [
    ...(port !== undefined && path !== undefined ? ['port and path exclude one another'] : []),
    ...(path !== undefined && (state === 'stopped' || state === 'drained')
      ? [`state: ${state} is for ports; for a file take absent`]
      : []),
    ...(state === 'drained' && port === undefined && path === undefined ? ['state: drained needs port'] : []),
    ...(exclude_hosts !== undefined && state !== 'drained' ? ['exclude_hosts goes with state: drained'] : []),
    ...(search_regex !== undefined && !isRegExp(search_regex)
      ? [`search_regex "${search_regex}" is no regular expression`]
      : []),
    ...words(active_connection_states)
      .filter(name => !TCP_STATES.some(known => known === name))
      .map(name => `"${name}" is no TCP state; there are ${TCP_STATES.join(', ')}`),
  ],
  probe: observeCondition,
  plan: planWait,
  result: waitResult,
});

function isRegExp(source: string): boolean {
  try {
    return new RegExp(source, 'm') instanceof RegExp;
  } catch {
    return false;
  }
}
