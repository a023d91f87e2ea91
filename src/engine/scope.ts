/** The variables that a task sees on a host, looked up lazily by name; later layers win. */
import { dirname, resolve } from 'node:path';
import type { Program } from '../core/cron/job.ts';
import type { Inventory } from '../core/inventory.ts';
import type { Role } from '../core/play.ts';
import type { Layer, Unknown, Value, ValueMap } from '../core/value.ts';
import type { LazyMap, Scope } from '../template/template.ts';
import type { HostState, PlayState } from './host.ts';
import { loadTemplate, lookupPlugin } from './lookups.ts';
import { searchFolders } from './search.ts';

/** What variables depend on of a play. */
type ScopePlay = Pick<PlayState, 'play' | 'playbookFile' | 'hosts' | 'batch'>;

/** Stands for `omit`: an argument with this value is left out. */
export const OMIT = '__omit_place_holder__1f6d3c';

/** What variables of a whole run depend on. */
export interface RunVariables {
  readonly inventory: Inventory;
  readonly extra: Layer;
  readonly planning: boolean;
  readonly diff: boolean;
  readonly verbosity: number;
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly limit: string | undefined;
  readonly version: string;
  readonly program: Program | undefined;
  readonly stateOf: (host: string) => HostState | undefined;
}

/** Raised when a task reads what other hosts know before they have come as far. The engine waits and tries again. */
export class NeedsEveryHost extends Error {}

interface Found {
  readonly value: Value | Unknown | LazyMap;
  readonly templated: boolean;
}

/** A scope over layers; `special` names win over all but `-e`. */
function layered(
  layers: readonly Layer[],
  special: (name: string) => Found | undefined,
  extras: Pick<Scope, 'functions' | 'loadTemplate' | 'names'>,
): Scope {
  return {
    lookup: name => {
      for (let i = layers.length - 1; i >= 0; i--) {
        const layer = layers[i];
        const value = layer && Object.hasOwn(layer.values, name) ? layer.values[name] : undefined;
        if (value !== undefined) return { value, templated: layer?.templated ?? false };
      }
      return special(name);
    },
    ...extras,
  };
}

/**
 * @param role the task's
 * @param written vars of the task's blocks and its own; nearest last
 * @param near loop variables, vars of the includes around, the result under judgement: these win over what was registered
 * @param everyHostArrived while false: reading another host's variables raises NeedsEveryHost
 */
export function scopeFor(
  run: RunVariables,
  state: HostState,
  play: ScopePlay | undefined,
  role: Role | undefined,
  written: readonly Layer[],
  near: readonly Layer[],
  everyHostArrived: () => boolean,
): Scope {
  const layers: readonly Layer[] = [
    ...(play?.play.roleDefaults ?? []),
    ...(role?.defaults ?? []),
    ...state.host.layers,
    ...(play?.play.vars ?? []),
    ...state.playLayers,
    ...(play?.play.roleVars ?? []),
    ...(role?.vars ?? []),
    ...written,
    { origin: `results of ${state.name}`, values: state.registered, templated: false },
    ...near,
    ...(role?.params ?? []),
    run.extra,
  ];
  const folders = searchFolders(role, play?.playbookFile);
  const special = (name: string) =>
    fact(state, name) ?? roleFact(role, name) ?? magic(run, state, play, name, everyHostArrived);
  const scope = layered(layers, special, {
    loadTemplate: name => loadTemplate(name, folders),
    names: () => [
      ...layers.flatMap(({ values }) => Object.keys(values)),
      ...Object.keys(state.facts).map(name => `ansible_${name}`),
      ...MAGIC_NAMES,
    ],
    functions: new Map([
      ['lookup', (args, named) => lookupPlugin(scope, folders, args, named)],
      ['query', (args, named) => asList(lookupPlugin(scope, folders, args, { ...named, wantlist: true }))],
      ['q', (args, named) => asList(lookupPlugin(scope, folders, args, { ...named, wantlist: true }))],
    ]),
  });
  return scope;
}

function data(value: Value | Unknown | LazyMap): Found {
  return { value, templated: false };
}

function fact({ facts }: HostState, name: string): Found | undefined {
  if (name === 'facts' || name === 'ansible_facts') return data(facts);
  const bare = name.startsWith('ansible_') ? name.slice('ansible_'.length) : undefined;
  const value = bare !== undefined && Object.hasOwn(facts, bare) ? facts[bare] : undefined;
  return value === undefined ? undefined : data(value);
}

/** Of a task that belongs to a role. */
function roleFact(role: Role | undefined, name: string): Found | undefined {
  if (role === undefined) return undefined;
  if (name === 'role_name' || name === 'ansible_role_name') return data(role.name);
  return name === 'role_path' ? data(role.folder) : undefined;
}

function magic(
  run: RunVariables,
  state: HostState,
  play: ScopePlay | undefined,
  name: string,
  everyHostArrived: () => boolean,
): Found | undefined {
  const make = Object.hasOwn(MAGIC, name) ? MAGIC[name] : undefined;
  if (make) return data(make(run, state, play));
  if (name === 'hostvars') return data(hostvars(run, state, play, everyHostArrived));
  if (name === 'ansible_play_hosts' || name === 'play_hosts' || name === 'ansible_play_batch') {
    if (!everyHostArrived()) throw new NeedsEveryHost();
    const hosts = name === 'ansible_play_batch' ? play?.batch : play?.hosts;
    return data((hosts ?? []).filter(({ standing }) => standing === 'active').map(host => host.name));
  }
  return undefined;
}

type Magic = (run: RunVariables, state: HostState, play: ScopePlay | undefined) => Value;

const MAGIC: Readonly<Record<string, Magic>> = {
  inventory_hostname: (_, state) => state.name,
  inventory_hostname_short: (_, state) => state.name.split('.')[0] ?? state.name,
  inventory_dir: run => run.inventory.folder,
  inventory_file: run => run.inventory.files[0] ?? '',
  ansible_inventory_sources: run => [...run.inventory.sources],
  group_names: (_, state) => state.host.groups.filter(group => group !== 'all').sort(),
  groups: ({ inventory }) => groupsOf(inventory),
  playbook_dir: (_, __, play) => dirname(resolve(play?.playbookFile ?? '.')),
  ansible_play_name: (_, __, play) => play?.play.name ?? '',
  role_names: (_, __, play) => [...(play?.play.roles ?? [])],
  ansible_role_names: (_, __, play) => [...(play?.play.roles ?? [])],
  ansible_play_role_names: (_, __, play) => [...(play?.play.roles ?? [])],
  ansible_play_hosts_all: (_, __, play) => (play?.hosts ?? []).map(({ name }) => name),
  ansible_check_mode: run => run.planning,
  ansible_diff_mode: run => run.diff,
  ansible_verbosity: run => run.verbosity,
  ansible_run_tags: run => (run.tags.length === 0 ? ['all'] : [...run.tags]),
  ansible_skip_tags: run => [...run.skipTags],
  ansible_limit: run => run.limit ?? 'all',
  ansible_version: () => ({ full: '2.14.0', major: 2, minor: 14, revision: 0, string: '2.14.0' }),
  girofle_version: run => run.version,
  girofle_program: run => ({ ...(run.program ?? { node: '', cli: '', folder: '' }) }),
  omit: () => OMIT,
};

const groupMaps = new WeakMap<Inventory, ValueMap>();

/** Made once: with many hosts and tasks it is read often. */
function groupsOf(inventory: Inventory): ValueMap {
  const known = groupMaps.get(inventory);
  if (known) return known;
  const made: ValueMap = {};
  for (const [group, hosts] of Object.entries(inventory.groups)) made[group] = [...hosts];
  groupMaps.set(inventory, made);
  return made;
}

/** Names that every task can read, for the static check of undefined variables. */
export const MAGIC_NAMES: readonly string[] = [
  ...Object.keys(MAGIC),
  ...[
    'hostvars',
    'ansible_play_hosts',
    'play_hosts',
    'ansible_play_batch',
    'facts',
    'ansible_facts',
    'lookup',
    'query',
    'q',
  ],
  ...[
    'role_name',
    'role_path',
    'ansible_role_name',
    'ansible_failed_task',
    'ansible_failed_result',
    'ansible_host',
    'ansible_port',
    'ansible_user',
    'ansible_connection',
  ],
];

function hostvars(
  run: RunVariables,
  self: HostState,
  play: ScopePlay | undefined,
  everyHostArrived: () => boolean,
): LazyMap {
  const names = run.inventory.hosts.map(({ name }) => name);
  return {
    lazy: true,
    keys: () => names,
    get: name => {
      const other = run.stateOf(name);
      if (other === undefined) return undefined;
      if (other !== self && !everyHostArrived()) throw new NeedsEveryHost();
      const scope = scopeFor(run, other, play, undefined, [], [], everyHostArrived);
      return { value: variablesOf(run, other, play, scope), templated: false, scope };
    },
  };
}

/** All variables of a host as one lazy map. */
function variablesOf(
  run: RunVariables,
  state: HostState,
  play: ScopePlay | undefined,
  scope: Scope,
): LazyMap {
  const { roleDefaults = [], vars = [], roleVars = [] } = play?.play ?? {};
  const layers = [
    ...roleDefaults,
    ...state.host.layers,
    ...vars,
    ...state.playLayers,
    ...roleVars,
    run.extra,
  ];
  return {
    lazy: true,
    keys: () => [
      ...new Set([
        ...layers.flatMap(({ values }) => Object.keys(values)),
        ...Object.keys(state.registered),
        ...Object.keys(state.facts).map(name => `ansible_${name}`),
        ...['ansible_facts', 'inventory_hostname', 'group_names'],
      ]),
    ],
    get: key => {
      const found = scope.lookup(key);
      return found && { ...found, scope };
    },
  };
}

export function asList(value: Value): Value[] {
  return Array.isArray(value) ? value : [value];
}

/** One layer of data, nearest of all: loop variables, results under judgement. */
export function dataLayer(origin: string, values: Readonly<Record<string, Value | Unknown>>): Layer {
  return { origin, values, templated: false };
}
