/** What restores left beside the instances is removed: the restored ones are good. */
import { type Static, Type } from 'typebox';
import { type Probe, probe as probeScript } from '../src/core/probe.ts';
import { joinSh, sh } from '../src/core/sh.ts';
import type { Step, StepOutput } from '../src/core/step.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';
import type { ValueMap } from '../src/core/value.ts';
import { BUSY } from './host-run/follow.ts';
import { busySentence, type LockOwner, lockText } from './host-run/lock.ts';
import { basicsText } from './host-run/run.ts';
import { confirmScript, MARK } from './restore/old-trees.ts';

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

/** A tree that a restore left. */
interface Left {
  readonly instance: number;
  readonly directory: string;
  /** `.before-0a1b2c3d`: what was replaced; `.restore-…`: what failed and was undone. */
  readonly tree: string;
  /** Of the restore. */
  readonly id: string;
  /** When it came to an end; '' while it has not. */
  readonly utc: string;
  /** Date of the backup. */
  readonly backup: string;
}

interface Seen {
  readonly left: readonly Left[];
  readonly busy: readonly { readonly instance: number; readonly owner: LockOwner }[];
}

function probe({ root, instance }: Args): Probe<Seen> {
  const base = `${root.replace(/\/+$/, '')}/noeud-gitlab-`;
  const folders = instance === 0 ? sh`${base}*` : sh`${base + instance}`;
  return probeScript(
    joinSh([
      basicsText,
      lockText,
      sh`for directory in ${folders}; do
  number=\${directory##*-}
  case $number in ''|*[!0-9]*) continue ;; esac
  if [ ! -d "$directory" ]; then continue; fi
  read_owner "$directory/.girofle/lock"
  if owner_lives; then echo "busy $number $owner_pid $owner_since $owner_what"; fi
  for one in "$directory"/.before-* "$directory"/.restore-* "$directory"/.removing-*; do
    if [ -L "$one" ] || [ ! -d "$one" ]; then continue; fi
    utc= backup=
    if [ -f "$one/"${MARK} ]; then
      utc=$(sed -n 's/^utc=//p' "$one/"${MARK})
      backup=$(sed -n 's/^backup=//p' "$one/"${MARK})
    elif [ "\${one##*/.removing-}" != "$one" ]; then utc=- backup=-; fi
    echo "left $number $utc $backup \${one##*/} $directory"
  done
done
exit 0`,
    ]),
    read,
  );
}

function read(written: string): Seen {
  const lines = written.split('\n');
  return {
    left: lines.flatMap(line => {
      const [, number, utc = '', backup = '', tree = '', id = '', directory = ''] =
        /^left (\d+) (\S*) (\S*) (\.\w+-([0-9a-f]{8})) (.+)$/.exec(line) ?? [];
      return number === undefined ? [] : [{ instance: Number(number), utc, backup, tree, id, directory }];
    }),
    busy: lines.flatMap(line => {
      const [, number, pid = '', since = '', what = ''] = /^busy (\d+) (\d+) (\S+) (.+)$/.exec(line) ?? [];
      return number === undefined ? [] : [{ instance: Number(number), owner: { pid, since, what } }];
    }),
  };
}

/** Trees without a mark are of a restore that has no end yet. */
const ended = ({ left }: Seen) => left.filter(({ utc }) => utc !== '');

function plan(_: Args, seen: Seen): Plan {
  const [first] = seen.busy;
  if (first !== undefined)
    return refuse(busySentence(first.instance, first.owner), { result: { busy: true } });
  return ended(seen).map(removal);
}

function removal({ directory, tree, id, utc, backup }: Left): Step {
  return {
    say: `remove ${directory}/${tree} with its container (${storyOf(tree, utc, backup)})`,
    action: { kind: 'script', text: confirmScript(directory, id), limit: 3600 },
  };
}

function storyOf(tree: string, utc: string, backup: string): string {
  if (tree.startsWith('.removing-')) return 'its removal was cut short';
  return tree.startsWith('.before-')
    ? `replaced at ${utc} by the backup of ${backup}`
    : `of the backup of ${backup}; its restore failed at ${utc}`;
}

function result(_: Args, seen: Seen, outputs: readonly StepOutput[]): ValueMap {
  const kept = ended(seen);
  return {
    removed: kept
      .filter((_left, i) => outputs[i]?.code === 0)
      .map(({ instance, directory, tree, utc, backup }) => ({
        instance,
        tree: `${directory}/${tree}`,
        utc,
        backup,
      })),
    busy: outputs.some(({ code }) => code === BUSY),
  };
}

export const gitlab_restore_confirm = defineTask({
  name: 'gitlab_restore_confirm',
  summary: 'Remove what restores have left: the volumes and containers that were there before',
  description: `A restore keeps what it replaced, and what failed, beside the instance until it is confirmed or keep_before is over. Once the
restored instance is known to be good, this removes both. There is no way back.`,
  args,
  examples: `
- name: The restored instance is good
  gitlab_restore_confirm:
    instance: 2
`,
  returns: {
    removed: 'A list of maps: instance, tree, utc (when the restore ended), backup (its date)',
    busy: 'Whether it failed because another run holds an instance',
  },
  probe,
  plan,
  result,
});
