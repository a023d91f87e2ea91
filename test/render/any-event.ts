/** A generator of events: any sequence that the types allow, sensible or not. */
import fc from 'fast-check';
import type { RunEvent, Status, TaskRef } from '../../src/core/event.ts';

const words = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'vm1',
    'vm2',
    'Install Docker',
    '\u001b[31mred',
    'a\nb\r\nc',
    '容器 🚀',
    '{"a":1}',
    '[broken',
  ),
);
const host = fc.constantFrom('vm1', 'vm2', 'vm\u001b3');
const status = fc.constantFrom<Status>(
  'ok',
  'changed',
  'skipped',
  'failed',
  'unreachable',
  'rescued',
  'ignored',
);
const count = fc.nat(1000);
const result = fc.dictionary(words, fc.oneof(words, count, fc.boolean(), fc.constant(null)));
const some: { requiredKeys: never[] } = { requiredKeys: [] };

const diff = fc.record({ title: words, before: fc.option(words), after: fc.option(words) });
const step = fc.oneof(fc.record({ say: words }), fc.record({ say: words, diff }));
const ref = fc
  .tuple(
    fc.record({ host, play: words, task: words, module: words, place: words, id: count }),
    fc.record({ handler: fc.constant(true as const), delegatedTo: host }, some),
  )
  .map(([needed, more]): TaskRef => ({ ...needed, ...more }));
const ending = fc
  .tuple(
    fc.record({ status, changed: fc.boolean(), steps: fc.array(step, { maxLength: 4 }) }),
    fc.record({ uncertain: fc.boolean(), message: words, hint: words, result }, some),
  )
  .map(([needed, more]) => ({ ...needed, ...more }));
const hosts = fc.dictionary(
  words,
  fc.record({
    ok: count,
    changed: count,
    skipped: count,
    failed: count,
    unreachable: count,
    rescued: count,
    ignored: count,
    exchanges: count,
  }),
);
const mode = fc.constantFrom('run', 'plan');
const type = <T extends RunEvent['type']>(name: T) => fc.constant(name);

const event: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.record({ type: type('run_start'), playbooks: fc.array(words), mode, time: words, version: words }),
  fc.record({ type: type('play_start'), play: words, hosts: fc.array(host), tasks: count }),
  ref.map(about => ({ type: 'task_start' as const, ...about })),
  fc
    .tuple(ref, words, fc.constantFrom('stdout', 'stderr', 'progress'))
    .map(([about, line, stream]) => ({ type: 'task_output' as const, ...about, line, stream })),
  fc
    .tuple(ref, count)
    .map(([about, attempt]) => ({ type: 'task_retry' as const, ...about, attempt, retries: 5, delay: 1 })),
  fc
    .tuple(ref, ending, words)
    .map(([about, end, label]) => ({ type: 'item_end' as const, ...about, ...end, item: label, label })),
  fc
    .tuple(ref, ending, count)
    .map(([about, end, duration]) => ({ type: 'task_end' as const, ...about, ...end, duration })),
  fc.record({ type: type('host_connected'), host, seconds: count }),
  fc.record({ type: type('host_unreachable'), host, play: words, message: words }),
  fc.record({ type: type('host_end'), host, play: words, exchanges: count }),
  fc.record({ type: type('play_end'), play: words }),
  fc.record({ type: type('warning'), message: words }),
  fc.record({
    type: type('diagnostic'),
    diagnostic: fc.record({ severity: fc.constantFrom('error', 'warning'), message: words }),
    frame: words,
  }),
  fc.record({ type: type('interrupted'), signal: words }),
  fc.record({
    type: type('recap'),
    exit: count,
    mode,
    seconds: count,
    hosts,
    changes: fc.array(fc.record({ host, task: words, steps: fc.array(words) })),
  }),
);

export const anyEvents = fc.array(event, { maxLength: 12 });
