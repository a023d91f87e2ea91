/** gitlab_metrics: what Prometheus is to know of an instance's backups and drills, for node_exporter's textfile collector. */
import { type Static, Type } from 'typebox';
import { Choice } from '../src/core/args.ts';
import { probe } from '../src/core/probe.ts';
import { sh } from '../src/core/sh.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';

const optional = (description: string) => Type.Optional(Type.Number({ description }));

const args = Type.Object(
  {
    directory: Type.String({
      description: "The directory that node_exporter's --collector.textfile.directory names",
      pattern: '^/',
    }),
    number: Type.Integer({ description: 'Number of the instance', minimum: 1 }),
    what: Choice(['backup', 'drill'], 'What has ended', 'backup'),
    event: Choice(['success', 'failure'], 'How it ended'),
    duration: optional('Seconds from beginning to end'),
    pause: optional('Seconds for which the instance stood still'),
    bytes: optional('Bytes of the backup'),
    pruned: optional('Number of backups that were removed'),
    warnings: optional('Number of warnings'),
  },
  { additionalProperties: false },
);

type Args = Static<typeof args>;

interface Seen {
  /** Seconds since the epoch, by the host's clock. */
  readonly now: number;
  readonly directory: boolean;
  /** What the file holds; '' when there is none. */
  readonly before: string;
}

/** Every metric in the order of the file, with what its comment says. */
const METRICS = {
  girofle_backup_last_success_timestamp_seconds: 'When a backup last succeeded',
  girofle_backup_last_failure_timestamp_seconds: 'When a backup last failed',
  girofle_backup_duration_seconds: 'How long the last good backup took',
  girofle_backup_pause_seconds: 'How long the instance stood still for it',
  girofle_backup_bytes: 'Bytes of its files',
  girofle_backup_pruned: 'Number of old backups that were removed after it',
  girofle_backup_warnings: 'Number of its warnings',
  girofle_backup_verified_timestamp_seconds: 'When a backup was last proven by restoring it',
  girofle_drill_last_success_timestamp_seconds: 'When a drill last succeeded',
  girofle_drill_last_failure_timestamp_seconds: 'When a drill last failed',
  girofle_drill_duration_seconds: 'How long the last good drill took',
} as const;

type Metric = keyof typeof METRICS;
type Values = Partial<Record<Metric, number>>;

function isMetric(name: string): name is Metric {
  return Object.hasOwn(METRICS, name);
}

const fileOf = ({ directory, number }: Args) => `${directory.replace(/\/+$/, '')}/girofle_${number}.prom`;

function look(given: Args) {
  return probe(
    sh`date +%s
if [ -d ${given.directory} ]; then echo yes; else echo no; fi
cat ${fileOf(given)} 2>/dev/null || :`,
    (stdout): Seen => {
      const [now = '', directory, ...before] = stdout.split('\n');
      return { now: Number(now), directory: directory === 'yes', before: before.join('\n') };
    },
  );
}

function plan(given: Args, seen: Seen): Plan {
  const path = fileOf(given);
  if (!seen.directory)
    return refuse(`${given.directory} is not there`, {
      hint: "it is what node_exporter's --collector.textfile.directory names",
    });
  const after = textOf({ ...readValues(seen.before), ...changes(given, seen.now) }, given.number);
  return [
    {
      say: `write ${path}`,
      diff: { title: path, before: seen.before === '' ? null : seen.before, after },
      action: { kind: 'write', file: { path, content: Buffer.from(after), mode: '0644' } },
    },
  ];
}

/** A failure leaves what the last good run was like. */
function changes(given: Args, now: number): Values {
  const { what, event, duration, pause, bytes, pruned, warnings } = given;
  if (event === 'failure') return { [`girofle_${what}_last_failure_timestamp_seconds`]: now };
  const told: Values =
    what === 'backup'
      ? {
          girofle_backup_last_success_timestamp_seconds: now,
          ...number('girofle_backup_duration_seconds', duration),
          ...number('girofle_backup_pause_seconds', pause),
          ...number('girofle_backup_bytes', bytes),
          ...number('girofle_backup_pruned', pruned),
          ...number('girofle_backup_warnings', warnings),
        }
      : {
          girofle_drill_last_success_timestamp_seconds: now,
          girofle_backup_verified_timestamp_seconds: now,
          ...number('girofle_drill_duration_seconds', duration),
        };
  return told;
}

function number(metric: Metric, value: number | undefined): Values {
  return value === undefined ? {} : { [metric]: value };
}

function readValues(text: string): Values {
  const found: Values = {};
  for (const [, name = '', value] of text.matchAll(/^(\w+)\{[^}]*\} (-?[\d.e+]+)$/gm)) {
    if (isMetric(name)) found[name] = Number(value);
  }
  return found;
}

/** Prometheus' text format. `instance` is a label of Prometheus' own, so ours has another name. */
function textOf(values: Values, instance: number): string {
  return Object.entries(METRICS)
    .flatMap(([name, help]) => {
      const value = isMetric(name) ? values[name] : undefined;
      return value === undefined
        ? []
        : [`# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name}{gitlab_instance="${instance}"} ${value}\n`];
    })
    .join('');
}

export const gitlab_metrics = defineTask({
  name: 'gitlab_metrics',
  summary: "Tell Prometheus of an instance's backup or drill, by node_exporter's textfile collector",
  description: `Writes DIRECTORY/girofle_NUMBER.prom at once and whole. What it is not told stays as the file has it: after a failure one still sees when the
last good backup was made and what it was like. See docs/hooks.md.`,
  args,
  examples: `
- name: Prometheus knows
  gitlab_metrics:
    directory: /var/lib/prometheus/node-exporter
    number: 1
    event: success
    duration: 61.4
    pause: 1.2
    bytes: 1073741824
`,
  returns: { file: 'The file' },
  probe: look,
  plan,
  result: given => ({ file: fileOf(given) }),
});
