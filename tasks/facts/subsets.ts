/** Which groups of facts there are, what each gathers, and which of them `gather_subset` and `filter` ask for. */

import type { ValueMap } from '../../src/core/value.ts';
import { patternToRegExp } from '../packages/version.ts';
import { distributionFacts, lsbFacts } from './distribution.ts';
import { boardFacts, deviceFacts, memoryFacts, mountFacts, processorFacts, uptimeFact } from './hardware.ts';
import { localFacts } from './local.ts';
import { networkFacts } from './network.ts';
import type { Gathered } from './output.ts';
import {
  chrootFact,
  commandLineFacts,
  dnsFacts,
  environmentFacts,
  hostKeyFacts,
  loadFacts,
  packageManagerFact,
  platformFacts,
  pythonFacts,
  securityFacts,
  serviceManagerFact,
  timeFacts,
  userFacts,
} from './system.ts';
import { virtualizationFacts } from './virtual.ts';

type Gatherer = (gathered: Gathered) => ValueMap;

/** Always gathered unless `!min` says otherwise. */
const MINIMUM: Readonly<Record<string, Gatherer>> = {
  platform: platformFacts,
  distribution: distributionFacts,
  lsb: gathered => ({ lsb: lsbFacts(gathered) }),
  user: userFacts,
  env: environmentFacts,
  date_time: timeFacts,
  python: pythonFacts,
  pkg_mgr: gathered => packageManagerFact(gathered, distributionFacts(gathered).os_family),
  service_mgr: serviceManagerFact,
  cmdline: commandLineFacts,
  dns: dnsFacts,
  selinux: gathered => pick(securityFacts(gathered), 'selinux'),
  apparmor: gathered => pick(securityFacts(gathered), 'apparmor'),
  fips: gathered => pick(securityFacts(gathered), 'fips'),
  ssh_pub_keys: hostKeyFacts,
  local: localFacts,
};

const FURTHER: Readonly<Record<string, Gatherer>> = {
  hardware: gathered => ({
    ...processorFacts(gathered),
    ...memoryFacts(gathered),
    ...uptimeFact(gathered),
    ...mountFacts(gathered),
    ...deviceFacts(gathered),
    ...boardFacts(gathered),
  }),
  network: networkFacts,
  virtual: virtualizationFacts,
  chroot: chrootFact,
  loadavg: loadFacts,
};

/** Names of single facts and of groups that Ansible takes for a subset as well. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  all_ipv4_addresses: 'network',
  all_ipv6_addresses: 'network',
  default_ipv4: 'network',
  default_ipv6: 'network',
  interfaces: 'network',
  devices: 'hardware',
  mounts: 'hardware',
  processor: 'hardware',
  processor_cores: 'hardware',
  processor_count: 'hardware',
  distribution_version: 'distribution',
  distribution_release: 'distribution',
  distribution_major_version: 'distribution',
  os_family: 'distribution',
  architecture: 'platform',
  kernel: 'platform',
  machine: 'platform',
  machine_id: 'platform',
  system: 'platform',
  python_version: 'python',
  user_id: 'user',
  user_dir: 'user',
  user_gecos: 'user',
  user_gid: 'user',
  user_shell: 'user',
  user_uid: 'user',
  effective_user_id: 'user',
  effective_group_ids: 'user',
  real_user_id: 'user',
  virtualization_type: 'virtual',
  virtualization_role: 'virtual',
  virtualization_tech_guest: 'virtual',
  virtualization_tech_host: 'virtual',
};

/** Subsets that Ansible has and that gather nothing here: what they are about is not looked at. */
const EMPTY = ['caps', 'facter', 'ohai', 'iscsi', 'nvme', 'fibre_channel_wwn'];

const GATHERERS: Readonly<Record<string, Gatherer>> = { ...MINIMUM, ...FURTHER };

function pick(facts: ValueMap, name: string): ValueMap {
  return { [name]: facts[name] ?? null };
}

/** The words that `gather_subset` may not hold. */
export function unknownSubsets(words: readonly string[]): readonly string[] {
  return words
    .map(word => word.replace(/^!/, ''))
    .filter(
      word =>
        !(
          word === 'all' ||
          word === 'min' ||
          EMPTY.includes(word) ||
          word in OTHER_NAMES ||
          word in GATHERERS
        ),
    );
}

/** `!name` takes away; with nothing but such words, everything else is gathered; the minimum is always in, but for `!min`. */
export function chosenSubsets(words: readonly string[]): ReadonlySet<string> {
  const added = words.filter(word => !word.startsWith('!'));
  const removed = words.filter(word => word.startsWith('!')).map(word => word.slice(1));
  const expand = (word: string) =>
    word === 'all'
      ? Object.keys(GATHERERS)
      : word === 'min'
        ? Object.keys(MINIMUM)
        : [OTHER_NAMES[word] ?? word];
  const everything = added.length === 0 && !removed.includes('all');
  const chosen = new Set([
    ...(removed.includes('min') ? [] : Object.keys(MINIMUM)),
    ...(everything ? Object.keys(GATHERERS) : added.flatMap(expand)),
  ]);
  for (const word of removed) {
    // `!all` leaves the minimum: that is what `!min` is for.
    const away = word === 'all' ? Object.keys(FURTHER) : expand(word);
    for (const name of away) if (!added.flatMap(expand).includes(name)) chosen.delete(name);
  }
  return chosen;
}

export function gatherFacts(gathered: Gathered, chosen: ReadonlySet<string>): ValueMap {
  const named = Object.entries(GATHERERS).filter(([name]) => chosen.has(name));
  return Object.assign({}, ...named.map(([, gather]) => gather(gathered)));
}

/** Patterns with or without `ansible_` in front. */
export function filterFacts(facts: ValueMap, patterns: readonly string[]): ValueMap {
  if (patterns.length === 0) return facts;
  const expressions = patterns.map(patternToRegExp);
  return Object.fromEntries(
    Object.entries(facts).filter(([name]) =>
      expressions.some(one => one.test(name) || one.test(`ansible_${name}`)),
    ),
  );
}
