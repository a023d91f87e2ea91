/** What runs that died have left on a host's instances is brought to an end. */
import { type Static, Type } from 'typebox';
import { probe } from '../src/core/probe.ts';
import { joinSh, type Sh, sh } from '../src/core/sh.ts';
import type { Step } from '../src/core/step.ts';
import { defineTask } from '../src/core/task-module.ts';
import { instanceDirectory } from './backups/look.ts';
import { BUSY } from './host-run/follow.ts';
import { journalLook } from './host-run/journal.ts';
import { lockText } from './host-run/lock.ts';
import { recoverText } from './host-run/recover.ts';
import { basicsText, homeOf } from './host-run/run.ts';

const args = Type.Object(
  {
    root: Type.String({
      description: "Directory of all instances' directories",
      default: '/girofle',
      pattern: '^/',
    }),
    instance: Type.Integer({ description: 'Only this instance; 0: all', default: 0, minimum: 0 }),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

/** A run without an end whose process is no more. */
interface Dead {
  readonly instance: number;
  readonly id: string;
  /** backup, restore, drill or push. */
  readonly what: string;
  /** How far it came. */
  readonly state: string;
}

/** Where a living process holds the lock, that one brings the dead runs to an end by itself. */
function lookScript({ root, instance }: Args): Sh {
  const base = root.replace(/\/+$/, '');
  const folders = instance === 0 ? sh`${`${base}/noeud-gitlab-`}*` : sh`${instanceDirectory(base, instance)}`;
  return joinSh([
    basicsText,
    journalLook,
    lockText,
    sh`for folder in ${folders}; do
  home=$folder/.girofle
  if [ -L "$home" ] || [ ! -d "$home/journals" ]; then continue; fi
  read_owner "$home/lock"
  if owner_lives; then continue; fi
  for id in $(unfinished | sed 's/.*\///; s/\.jsonl$//'); do
    if run_lives "$home/runs/$id"; then continue; fi
    echo "\${folder##*-} $id $(fact "$home/journals/$id.jsonl" planned what) $(tail -n 1 "$home/journals/$id.jsonl" | sed 's/^{"state":"\([a-z-]*\)".*/\1/')"
  done
done
exit 0`,
  ]);
}

function readDead(written: string): readonly Dead[] {
  return written.split('\n').flatMap(line => {
    const [, instance, id = '', what = '', state = ''] =
      /^(\d+) ([0-9a-f]+) ([a-z]+) ([a-z-]+)$/.exec(line) ?? [];
    return instance === undefined ? [] : [{ instance: Number(instance), id, what, state }];
  });
}

function repairStep(directory: string, instance: number, dead: readonly Dead[]): Step {
  const home = homeOf(directory);
  // A shell of its own: its pid is what the lock names.
  const text = joinSh([
    basicsText,
    sh`umask 077
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
id=repair-$$ home=${home} lock=${`${home}/lock`} journal=`,
    journalLook,
    lockText,
    recoverText,
    sh`take_lock 'a repair'
case $? in
  0) ;;
  1) echo "another run holds instance ${instance}: $owner_what since $owner_since, pid $owner_pid" >&2; exit ${BUSY} ;;
  *) echo "$home cannot be written" >&2; exit 1 ;;
esac
trap release_lock EXIT
if ! recover; then echo "$unrepaired" >&2; exit 1; fi`,
  ]).text;
  const runs = dead.map(({ id, what, state }) => `${what} ${id}, which died after ${state}`);
  return {
    say: `bring to an end what is left on instance ${instance}: ${runs.join('; ')}`,
    action: { kind: 'script', text: sh`sh -c ${text}` },
  };
}

export const gitlab_repair = defineTask({
  name: 'gitlab_repair',
  summary: 'Bring to an end what backups, restores and drills that died have left behind',
  description: `A backup, restore or drill runs on the host by itself, with a journal. When its process was killed, its own script knows what
to do: an instance that stands still goes on; a restore is completed, or the old instance put back; scratch folders and containers are
removed. The next run of that instance does so anyway, and so does the unit that gitlab_boot installs; this task does it now.`,
  args,
  examples: `
- name: Nothing is left half done
  gitlab_repair:
`,
  returns: { repaired: 'A list of maps: instance, id, what, state (how far it had come)' },
  probe: given => probe(lookScript(given), readDead),
  plan: ({ root }, dead) =>
    [...new Set(dead.map(({ instance }) => instance))].map(instance =>
      repairStep(
        instanceDirectory(root, instance),
        instance,
        dead.filter(one => one.instance === instance),
      ),
    ),
  result: (_, dead, outputs) => ({
    busy: outputs.at(-1)?.code === BUSY,
    repaired: dead.map(one => ({ ...one })),
  }),
});
