/** Declared container against the one that is there: which settings differ, and which of them Docker can change live. */

import type { Value, ValueMap } from '../../src/core/value.ts';
import { envMap } from './container.ts';
import { canonical, dig, digMap, digNumber, digText } from './dig.ts';
import { bindings, binds, capabilities, healthForm, mounts, restart } from './forms.ts';

export interface Difference {
  /** In the words of the argument: `env GITLAB_X`, `memory`. */
  readonly setting: string;
  /** `memory changed`, `env GITLAB_X is missing` */
  readonly say: string;
  /** Docker's update call can mend it; else the container must be recreated. */
  readonly live: boolean;
  readonly before?: string;
  readonly after?: string;
}

/** How a setting is compared: `strict`, not at all, or (maps and lists) allowing more on the host than declared. */
export type Comparison = 'strict' | 'ignore' | 'allow_more_present';
export type Comparisons = Readonly<Record<string, Comparison>>;

interface Compared {
  readonly setting: string;
  /** Below the create body; `HostConfig.X` or a key of the configuration proper. */
  readonly at: readonly string[];
  readonly live?: true;
  /** Brings either side to one form. */
  readonly normal?: (value: Value | undefined) => Value;
}

const set = (value: Value | undefined): Value => (Array.isArray(value) ? value.map(canonical).sort() : []);
const list = (value: Value | undefined): Value => value ?? [];
const map = (value: Value | undefined): Value => value ?? {};
const text = (value: Value | undefined): Value => value ?? '';
const count = (value: Value | undefined): Value => value ?? 0;
const flag = (value: Value | undefined): Value => value ?? false;
const host = (key: string): readonly string[] => ['HostConfig', key];

const COMPARED: readonly Compared[] = [
  { setting: 'command', at: ['Cmd'], normal: list },
  { setting: 'entrypoint', at: ['Entrypoint'], normal: list },
  { setting: 'hostname', at: ['Hostname'], normal: text },
  { setting: 'domainname', at: ['Domainname'], normal: text },
  { setting: 'user', at: ['User'], normal: text },
  { setting: 'working_dir', at: ['WorkingDir'], normal: text },
  { setting: 'stop_timeout', at: ['StopTimeout'], normal: value => value ?? 10 },
  { setting: 'stop_signal', at: ['StopSignal'], normal: value => value ?? 'SIGTERM' },
  { setting: 'tty', at: ['Tty'], normal: flag },
  { setting: 'interactive', at: ['OpenStdin'], normal: flag },
  { setting: 'published_ports', at: host('PortBindings'), normal: bindings },
  { setting: 'publish_all_ports', at: host('PublishAllPorts'), normal: flag },
  { setting: 'volumes', at: host('Binds'), normal: binds },
  { setting: 'mounts', at: host('Mounts'), normal: mounts },
  { setting: 'volumes_from', at: host('VolumesFrom'), normal: set },
  { setting: 'tmpfs', at: host('Tmpfs'), normal: map },
  {
    setting: 'network_mode',
    at: host('NetworkMode'),
    normal: mode => (mode === 'bridge' ? 'default' : text(mode)),
  },
  { setting: 'restart_policy', at: host('RestartPolicy'), normal: restart, live: true },
  { setting: 'shm_size', at: host('ShmSize'), normal: count },
  { setting: 'memory', at: host('Memory'), normal: count, live: true },
  { setting: 'memory_swap', at: host('MemorySwap'), normal: count, live: true },
  { setting: 'memory_reservation', at: host('MemoryReservation'), normal: count, live: true },
  { setting: 'cpus', at: host('NanoCpus'), normal: count, live: true },
  { setting: 'cpu_shares', at: host('CpuShares'), normal: count, live: true },
  { setting: 'cpuset_cpus', at: host('CpusetCpus'), normal: text, live: true },
  { setting: 'pids_limit', at: host('PidsLimit'), normal: count, live: true },
  { setting: 'ulimits', at: host('Ulimits'), normal: set },
  { setting: 'devices', at: host('Devices'), normal: set },
  { setting: 'sysctls', at: host('Sysctls'), normal: map },
  { setting: 'privileged', at: host('Privileged'), normal: flag },
  { setting: 'capabilities', at: host('CapAdd'), normal: capabilities },
  { setting: 'cap_drop', at: host('CapDrop'), normal: capabilities },
  { setting: 'security_opts', at: host('SecurityOpt'), normal: set },
  { setting: 'groups', at: host('GroupAdd'), normal: set },
  { setting: 'dns_servers', at: host('Dns'), normal: list },
  { setting: 'dns_search_domains', at: host('DnsSearch'), normal: list },
  { setting: 'etc_hosts', at: host('ExtraHosts'), normal: set },
  { setting: 'log_driver', at: ['HostConfig', 'LogConfig', 'Type'], normal: text },
  { setting: 'log_options', at: ['HostConfig', 'LogConfig', 'Config'], normal: map },
  { setting: 'init', at: host('Init'), normal: flag },
  { setting: 'read_only', at: host('ReadonlyRootfs'), normal: flag },
  { setting: 'auto_remove', at: host('AutoRemove'), normal: flag },
  { setting: 'ipc_mode', at: host('IpcMode'), normal: text },
  { setting: 'pid_mode', at: host('PidMode'), normal: text },
  { setting: 'userns_mode', at: host('UsernsMode'), normal: text },
  { setting: 'runtime', at: host('Runtime'), normal: text },
];

/** The settings whose comparison may be chosen. */
export const comparable: readonly string[] = [
  'image',
  'env',
  'labels',
  'healthcheck',
  ...COMPARED.map(({ setting }) => setting),
];

/**
 * What must change for the container to be as declared.
 * @param image the image as it is on the host now, or null when it is not there (then it is about to be pulled)
 */
export function compareContainer(
  body: ValueMap,
  inspect: ValueMap,
  image: ValueMap | null,
  comparisons: Comparisons = {},
): readonly Difference[] {
  const how = (setting: string) => comparisons[setting] ?? comparisons['*'] ?? 'strict';
  const differences = [
    ...compareImage(body, inspect, image),
    ...compareEnv(body, inspect, image, how('env')),
    ...compareLabels(body, inspect, image, how('labels')),
    ...compareHealth(body, inspect, image),
    ...COMPARED.flatMap(compared => compareOne(compared, body, inspect)),
  ];
  return differences.filter(({ setting }) => how(setting.split(' ')[0] ?? setting) !== 'ignore');
}

function compareOne(
  { setting, at, live, normal = text }: Compared,
  body: ValueMap,
  inspect: ValueMap,
): readonly Difference[] {
  const declared = dig(body, ...at);
  if (declared === undefined) return [];
  const observed = dig(inspect, ...(at[0] === 'HostConfig' ? at : ['Config', ...at]));
  const before = canonical(normal(observed));
  const after = canonical(normal(declared));
  if (before === after) return [];
  // Docker takes 0 in an update as "leave it": a limit is lifted only by a new container.
  const canUpdate = live === true && declared !== 0 && declared !== '';
  return [{ setting, say: `${setting} changed`, live: canUpdate, before, after }];
}

function compareImage(body: ValueMap, inspect: ValueMap, image: ValueMap | null): readonly Difference[] {
  const declared = digText(body, 'Image');
  const made = digText(inspect, 'Config', 'Image');
  if (image !== null && digText(image, 'Id') === digText(inspect, 'Image')) return [];
  const say = made === declared ? `image ${declared} is another one now` : `image ${made} → ${declared}`;
  return [{ setting: 'image', say, live: false, before: made, after: declared }];
}

function compareEnv(
  body: ValueMap,
  inspect: ValueMap,
  image: ValueMap | null,
  how: Comparison,
): readonly Difference[] {
  if (body.Env === undefined) return [];
  const expected = new Map([...envMap(dig(image ?? undefined, 'Config', 'Env')), ...envMap(body.Env)]);
  const observed = envMap(dig(inspect, 'Config', 'Env'));
  return compareEntries('env', expected, observed, how === 'strict' && sameImage(inspect, image));
}

function compareLabels(
  body: ValueMap,
  inspect: ValueMap,
  image: ValueMap | null,
  how: Comparison,
): readonly Difference[] {
  if (body.Labels === undefined) return [];
  const expected = { ...digMap(image ?? undefined, 'Config', 'Labels'), ...digMap(body, 'Labels') };
  const observed = digMap(inspect, 'Config', 'Labels');
  const strict = how === 'strict' && sameImage(inspect, image);
  return compareEntries('label', textMap(expected), textMap(observed), strict).map(difference => ({
    ...difference,
    setting: difference.setting.replace(/^label/, 'labels'),
  }));
}

/** What another image brought along is no surplus: the container is recreated for the image already. */
function sameImage(inspect: ValueMap, image: ValueMap | null): boolean {
  return image !== null && digText(image, 'Id') === digText(inspect, 'Image');
}

function textMap(entries: ValueMap): ReadonlyMap<string, string> {
  return new Map(Object.entries(entries).map(([key, value]) => [key, String(value)]));
}

function compareEntries(
  kind: string,
  expected: ReadonlyMap<string, string>,
  observed: ReadonlyMap<string, string>,
  strict: boolean,
): readonly Difference[] {
  const wanted = [...expected].flatMap(([name, after]): Difference[] => {
    const before = observed.get(name);
    if (before === after) return [];
    const what = before === undefined ? 'is missing' : 'changed';
    return [
      {
        setting: `${kind} ${name}`,
        say: `${kind} ${name} ${what}`,
        live: false,
        ...(before === undefined ? {} : { before }),
        after,
      },
    ];
  });
  const surplus = [...observed].filter(([name]) => strict && !expected.has(name));
  return [
    ...wanted,
    ...surplus.map(([name, before]) => ({
      setting: `${kind} ${name}`,
      say: `${kind} ${name} is not declared`,
      live: false,
      before,
    })),
  ];
}

/** Docker fills what a declared check leaves out from the image's. */
function compareHealth(body: ValueMap, inspect: ValueMap, image: ValueMap | null): readonly Difference[] {
  if (body.Healthcheck === undefined) return [];
  const base = digMap(image ?? undefined, 'Config', 'Healthcheck');
  const expected = healthForm({ ...base, ...digMap(body, 'Healthcheck') });
  const observed = healthForm(digMap(inspect, 'Config', 'Healthcheck'));
  const [before, after] = [canonical(observed), canonical(expected)];
  const differs =
    image === null
      ? Object.entries(expected).some(([key, value]) => canonical(observed[key]) !== canonical(value))
      : before !== after;
  return differs ? [{ setting: 'healthcheck', say: 'healthcheck changed', live: false, before, after }] : [];
}

/** The body of the update call that mends live differences. */
export function updateBody(body: ValueMap, differences: readonly Difference[]): ValueMap {
  const names = differences.filter(({ live }) => live).map(({ setting }) => setting);
  const rows = COMPARED.filter(({ setting }) => names.includes(setting));
  const update: ValueMap = Object.fromEntries(rows.map(({ at }) => [at[1] ?? '', dig(body, ...at) ?? null]));
  const memory = digNumber(update, 'Memory');
  // The swap limit made with the old memory limit would refuse a larger one: Docker's own default is twice the memory.
  return memory > 0 && dig(body, 'HostConfig', 'MemorySwap') === undefined
    ? { ...update, MemorySwap: memory * 2 }
    : update;
}
