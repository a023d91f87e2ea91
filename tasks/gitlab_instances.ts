/** The fleet as it is: every commissioned instance with its health, size and age, as data and as a table. */
import { type Static, Type } from 'typebox';
import { Flag } from '../src/core/args.ts';
import { all, probe } from '../src/core/probe.ts';
import { sh } from '../src/core/sh.ts';
import { defineTask } from '../src/core/task-module.ts';
import type { Value, ValueMap } from '../src/core/value.ts';
import { dig, digMap, digNumber, digText } from './docker/dig.ts';
import { probeContainersWith } from './docker/probe.ts';
import { showAge, showBytes } from './docker/units.ts';
import { commissioned, isBelow, LABEL, LABELS } from './gitlab/gitlab.ts';
import { columns } from './gitlab/table.ts';

const args = Type.Object(
  {
    root: Type.String({
      description: "Directory of all instances' directories",
      default: '/girofle',
      pattern: '^/',
    }),
    sizes: Flag('Measure the volumes; slow when they hold much', true),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

interface Seen {
  readonly containers: readonly Value[];
  readonly host: HostSide;
}

interface HostSide {
  /** Seconds since 1970, by the host's clock. */
  readonly now: number;
  /** Bytes of the volumes, by directory. */
  readonly sizes: ReadonlyMap<string, number>;
}

const clock = sh`date +%s`;
const measure = (root: string) => sh`date +%s
for volumes in ${root.replace(/\/+$/, '')}/noeud-gitlab-*/mapping-volumes; do
  if [ -d "$volumes" ]; then du -skx "$volumes" 2>/dev/null; fi
done
exit 0`;

function readHost(stdout: string): HostSide {
  const [now = '0', ...lines] = stdout.trim().split('\n');
  const sizes = lines.map((line): [string, number] => {
    const [kibibytes = '0', path = ''] = line.split('\t');
    return [path.replace(/\/mapping-volumes$/, ''), Number(kibibytes) * 1024];
  });
  return { now: Number(now), sizes: new Map(sizes) };
}

function describe(container: Value, { now, sizes }: HostSide): ValueMap {
  const directory = digText(container, 'Labels', LABELS.root);
  const size = sizes.get(directory);
  return {
    name: digText(container, 'Names', 0).replace(/^\//, ''),
    number: Number(digText(container, 'Labels', LABELS.number)),
    address: digText(container, 'Labels', LABELS.address),
    url: digText(container, 'Labels', LABELS.url),
    state: digText(container, 'State'),
    health: healthFrom(container),
    image: digText(container, 'Image'),
    directory,
    size: size ?? null,
    age: Math.max(0, now - digNumber(container, 'Created')),
  };
}

/** Docker's list tells the health only in its sentence: `Up 2 hours (healthy)`. */
function healthFrom(container: Value): string {
  const state = digText(container, 'State');
  const [, health = ''] =
    /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(digText(container, 'Status')) ?? [];
  return state === 'running' ? health || 'running' : state;
}

function instancesOf({ containers, host }: Seen): readonly ValueMap[] {
  const whole = commissioned(containers).map(({ container }) => container);
  return containers
    .filter(container => Object.hasOwn(digMap(container, 'Labels'), LABEL))
    .map(container => describe(container, host))
    .filter(({ name }) => typeof name === 'string' && whole.includes(name))
    .sort((a, b) => digNumber(a, 'number') - digNumber(b, 'number'));
}

const HEAD = ['number', 'name', 'url', 'health', 'image', 'size', 'age'];

function table(instances: readonly ValueMap[]): string {
  if (instances.length === 0) return 'no instance is commissioned';
  return columns([HEAD, ...instances.map(row)]);
}

function row(instance: ValueMap): readonly string[] {
  const size = dig(instance, 'size');
  return [
    String(instance.number),
    digText(instance, 'name'),
    digText(instance, 'url'),
    digText(instance, 'health'),
    digText(instance, 'image'),
    typeof size === 'number' ? showBytes(size) : '-',
    showAge(digNumber(instance, 'age')),
  ];
}

export const gitlab_instances = defineTask({
  name: 'gitlab_instances',
  looksOnly: true,
  summary: 'List the GitLab instances that are commissioned on a host',
  description: "Changes nothing. The containers' labels are what is read: there is no other list.",
  args,
  examples: `
- name: What is there
  gitlab_instances:
  register: fleet

- name: Show it
  debug:
    msg: "{{ fleet.table }}"
`,
  returns: {
    instances:
      'A list of maps: number, name, address, url, state, health, image, directory, size (bytes of its volumes, null when unknown), age (seconds)',
    table: 'The same as text',
  },
  probe: ({ root, sizes }: Args) =>
    all({ containers: probeContainersWith(LABEL), host: probe(sizes ? measure(root) : clock, readHost) }),
  plan: () => [],
  result: ({ root }, seen) => {
    const instances = instancesOf(seen).filter(one =>
      isBelow(root)({ directory: digText(one, 'directory') }),
    );
    return { instances, table: table(instances) };
  },
});
