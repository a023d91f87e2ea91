/** Reads a backup whole and compares it with its manifest; a sound one gets a proof, verified.json. */
import { type Static, Type } from 'typebox';
import { DATE, OLD_DATE } from '../src/core/backup/manifest.ts';
import { all, probe } from '../src/core/probe.ts';
import { sh } from '../src/core/sh.ts';
import type { Step, StepOutput } from '../src/core/step.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';
import type { ValueMap } from '../src/core/value.ts';
import { type Found, instanceDirectory, type Look, look } from './backups/look.ts';
import { verifyScript } from './backups/verify-script.ts';
import { showBytes } from './docker/units.ts';

const args = Type.Object(
  {
    date: Type.String({
      description: 'Which backup: its date (2026-11-22T08-48-00Z), or latest',
      default: 'latest',
    }),
    instance: Type.Integer({
      description: 'Of which instance; 0: every instance that has a backup of that date',
      default: 0,
      minimum: 0,
    }),
    root: Type.String({
      description: "Directory of all instances' directories",
      default: '/girofle',
      pattern: '^/',
    }),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

interface Seen {
  readonly look: Look;
  /** What the host lacks, in words. */
  readonly lacking: readonly string[];
}

const tools = sh`is_gnu() { $1 --version 2>/dev/null | head -n 1 | grep -v 'not GNU' | grep -q GNU; }
for one in find sed sha256sum sort xargs; do if ! is_gnu "$one"; then echo "GNU $one"; fi; done
for one in awk mktemp tr; do if ! command -v "$one" >/dev/null 2>&1; then echo "$one"; fi; done
exit 0`;

type Sound = Found & { readonly manifest: NonNullable<Found['manifest']> };

/** The backups to verify: of each instance the one of this date, or its newest. */
function chosen({ date, instance }: Args, { found }: Look): readonly Sound[] {
  const sound = found.flatMap(one =>
    one.kind === 'backup' && one.manifest ? [{ ...one, manifest: one.manifest }] : [],
  );
  const mine = sound.filter(one => instance === 0 || one.instance === instance);
  if (date !== 'latest') return mine.filter(one => one.name === date);
  return mine.filter((one, i) => mine.findIndex(other => other.instance === one.instance) === i);
}

function plan(given: Args, { look: looked, lacking }: Seen): Plan {
  const wanted = chosen(given, looked);
  const broken = looked.found.filter(({ name, kind }) => name === given.date && kind === 'broken');
  const [first] = broken.filter(({ instance }) => given.instance === 0 || instance === given.instance);
  if (first !== undefined)
    return refuse(`the folder ${first.name} of instance ${first.instance} is no backup: ${first.problem}`);
  if (wanted.length === 0) return refuse(...missing(given, looked));
  if (lacking.length > 0)
    return refuse(`this host cannot verify backups: it lacks ${lacking.join(', ')}`, {
      hint: 'install findutils, sed and coreutils',
    });
  return wanted.map(one => verifyStep(given, one));
}

function missing({ date, instance }: Args, { instances, found }: Look): [string, { hint?: string }?] {
  const whose = instance === 0 ? 'no instance of this host' : `instance ${instance}`;
  if (instance !== 0 && !instances.includes(instance))
    return [`there is no instance ${instance} on this host`];
  const newest = found.find(one => one.kind === 'backup' && (instance === 0 || one.instance === instance));
  const has = instance === 0 ? 'has' : 'has no';
  if (newest === undefined) return [`${whose} ${has}${instance === 0 ? ' a' : ''} backup`];
  return [
    `${whose} ${has}${instance === 0 ? ' a' : ''} backup ${date}`,
    { hint: `the newest is ${newest.name} of instance ${newest.instance}; girofle-run backups lists all` },
  ];
}

function verifyStep({ root }: Args, { instance, name, manifest }: Sound): Step {
  const { totals, files } = manifest;
  return {
    say: `verify ${name} of instance ${instance}: ${totals.files} files, ${showBytes(totals.bytes)}`,
    changes: false,
    streams: true,
    action: {
      kind: 'script',
      text: verifyScript({
        directory: instanceDirectory(root, instance),
        date: name,
        sha256: files.sha256,
        lines: files.lines,
      }),
    },
  };
}

function result(given: Args, seen: Seen, outputs: readonly StepOutput[]): ValueMap {
  const verified = chosen(given, seen.look).map(({ instance, name }, i) => {
    const output = outputs[i];
    return {
      instance,
      date: name,
      sound: output?.code === 0,
      differences: output ? output.stderr.split('\n').filter(line => line !== '') : [],
      notes: (output?.stdout ?? '')
        .split('\n')
        .filter(line => line.startsWith('changed through a link'))
        .map(line => line.slice(line.indexOf(': ') + 2)),
    };
  });
  return { verified };
}

export const gitlab_backup_verify = defineTask({
  name: 'gitlab_backup_verify',
  summary: 'Verify a local backup of a GitLab instance against its manifest',
  description: `Reads every file on the host and compares hash, kind, mode, owner, size, time, link target, hard links and
extended attributes with the manifest; nothing may be added or missing. A sound backup gets a verified.json, and retention
never removes the newest that has one. The backup itself is left as it is.

A file may share its inode with another backup, and get another mode or owner through it. Its content is compared all the
same; such a difference is told as a note, for a restore takes owners and modes from the manifest.`,
  args,
  freeForm: 'date',
  examples: `
- name: The newest backup of every instance is sound
  gitlab_backup_verify:
    date: latest

- name: This one is
  gitlab_backup_verify:
    date: 2026-11-22T08-48-00Z
    instance: 2
`,
  returns: {
    verified: 'A list of maps: instance, date, sound, differences (sentences, at most twenty), notes',
  },
  check: ({ date }) =>
    date === 'latest' || DATE.test(date)
      ? []
      : [
          OLD_DATE.test(date)
            ? `${date} was made by the original scripts and has no manifest: there is nothing to verify it against`
            : `${date} is no date of a backup: write 2026-11-22T08-48-00Z, or latest`,
        ],
  probe: ({ root, instance }: Args) =>
    all({
      look: look(root, instance),
      lacking: probe(tools, text => text.split('\n').filter(line => line !== '')),
    }),
  plan,
  result: (given, seen, outputs) => result(given, seen, outputs),
});
