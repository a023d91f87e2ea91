/** group: creates, renumbers and removes groups. */
import { Type } from 'typebox';
import { Choice, Flag } from '../src/core/args.ts';
import { type GroupEntry, type GroupSeen, groupAccount } from '../src/core/probes/account.ts';
import { type Sh, sh } from '../src/core/sh.ts';
import type { Step } from '../src/core/step.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';

interface GroupArgs {
  readonly name: string;
  readonly gid?: number;
  readonly system: boolean;
  readonly non_unique: boolean;
}

export const group = defineTask({
  name: 'group',
  summary: 'Create or remove a group',
  args: Type.Object(
    {
      name: Type.String({ description: 'Name of the group' }),
      gid: Type.Optional(
        Type.Integer({ description: 'Number of the group; an existing group is renumbered' }),
      ),
      state: Choice(['present', 'absent'], 'Whether the group should exist', 'present'),
      system: Flag('Take the number of a new group from the range of system groups', false),
      non_unique: Flag('Allow a number that another group has; needs `gid`', false),
      local: Flag(
        'Accepted for compatibility: the groups of /etc/group are the ones that are changed, always',
        false,
      ),
    },
    { additionalProperties: false },
  ),
  examples: `
- name: Group for the deployers
  group:
    name: deploy
    gid: 2000
`,
  returns: {
    name: 'Name of the group',
    state: '`present` or `absent`',
    gid: 'Its number, when it exists',
    system: 'As given',
  },
  check: ({ name, gid, non_unique }) => [
    ...(non_unique && gid === undefined ? ['non_unique needs gid'] : []),
    ...(/^-|[:\s]/.test(name) ? [`"${name}" is no name for a group`] : []),
  ],
  probe: ({ name }) => groupAccount(name),
  plan: (args, seen) => (args.state === 'absent' ? planAbsent(args.name, seen) : planPresent(args, seen)),
  result: ({ name, state, system, gid }, seen, outputs) => {
    const number = gid ?? seen.entry?.gid ?? gidIn(outputs.at(-1)?.stdout);
    return {
      name,
      state,
      ...(state === 'present' ? { system, ...(number === undefined ? {} : { gid: number }) } : {}),
    };
  },
});

/** The look finds groups by number as well; here only the name counts. */
function named(name: string, { entry }: GroupSeen): GroupEntry | undefined {
  return entry?.name === name ? entry : undefined;
}

function planPresent(args: GroupArgs, seen: GroupSeen): Plan {
  const entry = named(args.name, seen);
  if (entry === undefined) return planCreate(args, seen);
  if (args.gid === undefined || args.gid === entry.gid) return [];
  if (seen.tools !== 'shadow') return lacksTools(args.name, 'groupmod');
  const unique = args.non_unique ? sh` -o` : sh``;
  return [
    change(
      `change group ${args.name}: gid ${entry.gid} → ${args.gid}`,
      sh`groupmod -g ${args.gid}${unique} ${args.name}`,
    ),
  ];
}

function planCreate({ name, gid, system, non_unique }: GroupArgs, { tools }: GroupSeen): Plan {
  const details = [...(gid === undefined ? [] : [`gid ${gid}`]), ...(system ? ['system'] : [])].join(', ');
  const say = `create group ${name}${details === '' ? '' : ` (${details})`}`;
  const number = gid === undefined ? [] : ['-g', gid];
  // groupadd says the new number to nobody: it is read back for the result.
  const tell = sh` && awk -F: -v name=${name} '$1 == name { print $3 }' /etc/group`;
  if (tools === 'shadow') {
    const words = [...(system ? ['-r'] : []), ...number, ...(non_unique ? ['-o'] : [])];
    return [change(say, sh`groupadd ${[...words, name]}${tell}`)];
  }
  if (tools === 'none' || non_unique) return lacksTools(name, 'groupadd');
  return [change(say, sh`addgroup ${[...(system ? ['-S'] : []), ...number, name]}${tell}`)];
}

function planAbsent(name: string, seen: GroupSeen): Plan {
  if (named(name, seen) === undefined) return [];
  if (seen.tools === 'none') return lacksTools(name, 'groupdel');
  return [
    change(`remove group ${name}`, seen.tools === 'shadow' ? sh`groupdel ${name}` : sh`delgroup ${name}`),
  ];
}

function lacksTools(name: string, tool: string): Plan {
  return refuse(`the host has no ${tool}, which the group ${name} needs`, {
    hint: 'install the package that has it: passwd, shadow or shadow-utils',
  });
}

function change(say: string, text: Sh): Step {
  return { say, action: { kind: 'script', text } };
}

function gidIn(stdout: string | undefined): number | undefined {
  return stdout !== undefined && /^\d+$/.test(stdout.trim()) ? Number(stdout) : undefined;
}
