/** The `getent` module: entries of the host's databases of users, groups, hosts and the like, as facts. */
import { type Static, Type } from 'typebox';
import { Flag } from '../src/core/args.ts';
import { probeOutcome } from '../src/core/probe.ts';
import { sh } from '../src/core/sh.ts';
import { defineTask, refuse } from '../src/core/task-module.ts';
import type { Outcome } from '../src/core/transport.ts';
import type { ValueMap } from '../src/core/value.ts';

const args = Type.Object(
  {
    database: Type.String({
      description: 'passwd, group, hosts, services, protocols, ...',
      pattern: '^[a-z]+$',
    }),
    key: Type.Optional(Type.String({ description: 'Only this entry' })),
    service: Type.Optional(Type.String({ description: 'Only by this service of nsswitch.conf' })),
    split: Type.Optional(
      Type.String({ description: "What separates fields; by default the database's own" }),
    ),
    fail_key: Flag('An entry that is not there is a failure', true),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

const COLON = ['passwd', 'shadow', 'group', 'gshadow'];

/** Key → fields; an entry that comes again (hosts) adds a list of its own. */
function entries({ database, split }: Args, text: string): ValueMap {
  const separator = split ?? (COLON.includes(database) ? ':' : /\s+/);
  const found: Record<string, string[] | string[][]> = {};
  const seen = new Map<string, number>();
  for (const line of text.split('\n').filter(one => one !== '')) {
    const [key = '', ...fields] = line.split(separator);
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    const before = found[key];
    if (before === undefined) found[key] = fields;
    else found[key] = count === 2 ? [before as string[], fields] : [...(before as string[][]), fields];
  }
  return found;
}

function problem({ database, key, fail_key }: Args, { code, stderr }: Outcome): string | undefined {
  if (code === 0 || (code === 2 && !fail_key)) return undefined;
  if (code === 1) return `Missing arguments, or database unknown: ${database}`;
  if (code === 2) return `One or more supplied key could not be found in the database: ${key ?? ''}`;
  if (code === 3) return `Enumeration not supported on this database: ${database}`;
  return code === 127 ? 'this host has no getent' : `getent failed: ${stderr.trim()}`;
}

export const getent = defineTask({
  name: 'getent',
  looksOnly: true,
  summary: "Look up entries of the host's databases",
  args,
  examples: `
- name: The user
  getent:
    database: passwd
    key: git

- debug:
    msg: "{{ ansible_facts.getent_passwd.git[4] }}"
`,
  returns: {
    ansible_facts: 'getent_DATABASE: a map from key to list of fields; null for a key that is not there',
  },
  probe: ({ database, key, service }) =>
    probeOutcome(
      sh`command -v getent >/dev/null 2>&1 || exit 127
LC_ALL=C getent ${[...(service === undefined ? [] : ['-s', service]), '--', database, ...(key === undefined ? [] : [key])]}`,
      outcome => outcome,
    ),
  plan: (given, seen) => {
    const trouble = problem(given, seen);
    return trouble === undefined ? [] : refuse(trouble);
  },
  result: (given, seen) => {
    const found: ValueMap = seen.code === 2 ? { [given.key ?? '']: null } : entries(given, seen.stdout);
    return { ansible_facts: { [`getent_${given.database}`]: found } };
  },
});
