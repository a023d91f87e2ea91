/** The cases: each folder of cases/ is a topic with a playbook and an inventory, and each host of it is one case. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** One call of the tool. Several of a topic find what the one before left. */
export interface Call {
  readonly tags?: readonly string[];
  readonly skip_tags?: readonly string[];
  readonly start_at_task?: string;
  readonly check?: boolean;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** `topic.yml`; all of it may be left out. A host that is named here and agrees all the same is an error. */
interface Options {
  /** Default: one, without options. */
  readonly calls?: readonly Call[];
  /** Host → why we differ on purpose. */
  readonly differs?: Readonly<Record<string, string>>;
}

export interface Topic {
  readonly name: string;
  readonly playbook: string;
  readonly inventory: string;
  /** Each a case. */
  readonly hosts: readonly string[];
  readonly calls: readonly Call[];
  /** Host → why it is known to differ. */
  readonly differs: ReadonlyMap<string, string>;
}

interface Group {
  readonly hosts?: Readonly<Record<string, unknown>> | null;
  readonly children?: Readonly<Record<string, Group | null>> | null;
}

/** No cases: without the survivor a failing play would fail whole, and end the run. */
const BYSTANDERS = ['survivor', 'localhost'];

const CASES = fileURLToPath(new URL('./cases', import.meta.url));

export const topics: readonly Topic[] = readdirSync(CASES).sort().map(readTopic);

function readTopic(name: string): Topic {
  const folder = join(CASES, name);
  const inventory = join(folder, 'hosts.yml');
  const groups: Readonly<Record<string, Group | null>> = readYaml(inventory);
  const options: Options = existsSync(join(folder, 'topic.yml')) ? readYaml(join(folder, 'topic.yml')) : {};
  return {
    name,
    playbook: join(folder, 'play.yml'),
    inventory,
    hosts: [...new Set(Object.values(groups).flatMap(hostsOf))].filter(host => !BYSTANDERS.includes(host)),
    calls: options.calls ?? [{}],
    differs: new Map(Object.entries(options.differs ?? {})),
  };
}

function readYaml<T>(file: string): T {
  return parse(readFileSync(file, 'utf8'));
}

function hostsOf(group: Group | null): readonly string[] {
  const { hosts, children } = group ?? {};
  return [...Object.keys(hosts ?? {}), ...Object.values(children ?? {}).flatMap(hostsOf)];
}
