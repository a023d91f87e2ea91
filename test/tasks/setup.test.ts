import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isMap, type Value, type ValueMap } from '../../src/core/value.ts';
import { setup } from '../../tasks/setup.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';
import { runModule } from '../support/run-module.ts';
import { type ShellName, shells } from '../support/shell.ts';

const run = promisify(execFile);

async function gather(args: ValueMap = {}, shell: ShellName = 'sh'): Promise<ValueMap> {
  const { result, says, changed } = await runModule(setup, args, { shell });
  expect([says, changed]).toEqual([[], false]);
  if (!isMap(result.ansible_facts)) throw new Error('no facts');
  return result.ansible_facts;
}

/** Differ between two moments, or by the order in which a directory is read. */
const VOLATILE = [
  'date_time',
  'uptime_seconds',
  'memfree_mb',
  'memory_mb',
  'loadavg',
  'swapfree_mb',
  'env',
  'gather_subset',
  'module_setup',
];

/** Of these Ansible tells more. */
const PARTIAL = ['devices', 'python'];

/** Come and go with the containers of other tests. */
const isFleeting = (name: string) =>
  /^(veth|br_|docker|mounts$|interfaces$|all_ipv6_addresses$|all_ipv4_addresses$)/.test(name);

describe.each(shells)('facts gathered by %s', shell => {
  let ours: ValueMap;
  let theirs: ValueMap;

  beforeAll(async () => {
    const { stdout } = await run('ansible', ['localhost', '-m', 'setup'], { maxBuffer: 1 << 24 });
    const oracle: Value = JSON.parse(`{${stdout.slice(stdout.indexOf('\n'))}`);
    if (!isMap(oracle) || !isMap(oracle.ansible_facts)) throw new Error('no oracle');
    theirs = Object.fromEntries(
      Object.entries(oracle.ansible_facts).map(([name, value]) => [name.replace(/^ansible_/, ''), value]),
    );
    ours = await gather({}, shell);
  }, 60_000);

  test('are those that Ansible gathers', () => {
    const names = Object.keys(ours).filter(
      name => name in theirs && !VOLATILE.includes(name) && !PARTIAL.includes(name) && !isFleeting(name),
    );
    const sorted = (facts: ValueMap) =>
      Object.fromEntries(names.map(name => [name, inOrder(facts[name] ?? null)]));
    expect(names.length).toBeGreaterThan(70);
    expect(sorted(ours)).toEqual(sorted(theirs));
  });

  test('of disks and mounts have the same names and sizes', () => {
    const sizes = (facts: ValueMap) =>
      isMap(facts.devices)
        ? Object.entries(facts.devices).map(([name, device]) => [name, isMap(device) && device.size])
        : [];
    expect(Object.fromEntries(sizes(ours))).toEqual(Object.fromEntries(sizes(theirs)));
    const root = (facts: ValueMap) => {
      const mounts = Array.isArray(facts.mounts) ? facts.mounts : [];
      const found = mounts.find(one => isMap(one) && one.mount === '/');
      return isMap(found)
        ? {
            keys: Object.keys(found).sort(),
            size: found.size_total,
            options: found.options,
            uuid: found.uuid,
          }
        : found;
    };
    expect(root(ours)).toEqual(root(theirs));
  });

  test('of time, memory and environment have the same keys', () => {
    const keys = (facts: ValueMap, name: string) =>
      isMap(facts[name]) ? Object.keys(facts[name]).sort() : [];
    for (const name of ['date_time', 'memory_mb', 'loadavg'])
      expect([name, keys(ours, name)]).toEqual([name, keys(theirs, name)]);
    expect(isMap(ours.env) && ours.env.HOME).toBe(process.env.HOME);
  });
});

/** Lists of words in the order of the alphabet: a directory may be read in any. */
function inOrder(value: Value): Value {
  if (Array.isArray(value) && value.every(one => typeof one === 'string')) return [...value].sort();
  return isMap(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inOrder(one)]))
    : value;
}

describe('setup', () => {
  let here: string;

  beforeAll(async () => {
    here = await mkdtemp(join(tmpdir(), 'girofle-facts-'));
    await writeFile(join(here, 'site.fact'), '[main]\nRegion = north\nsize: 3\n');
    await writeFile(join(here, 'plain.fact'), '{"a": [1]}');
    await writeFile(join(here, 'made.fact'), '#!/bin/sh\necho \'{"made": true}\'\n');
    await writeFile(join(here, 'broken.fact'), '#!/bin/sh\nexit 3\n');
    await writeFile(join(here, 'nonsense.fact'), 'nonsense');
    await Promise.all(['made', 'broken'].map(name => chmod(join(here, `${name}.fact`), 0o755)));
  });
  afterAll(() => rm(here, { recursive: true }));

  test('reads and runs local facts', async () => {
    const { local } = await gather({ gather_subset: ['!all', '!min', 'local'], fact_path: here });
    expect(local).toEqual({
      broken: 'Failure executing fact script, exit code 3',
      made: { made: true },
      nonsense: 'error loading facts as JSON or ini - please check content: nonsense.fact',
      plain: { a: [1] },
      site: { main: { region: 'north', size: '3' } },
    });
  });

  test.each([
    ['all but the network', ['!network'], { system: true, memtotal_mb: true, interfaces: false }],
    ['the minimum', ['!all'], { system: true, memtotal_mb: false, interfaces: false }],
    ['the minimum and the network', ['network'], { system: true, memtotal_mb: false, interfaces: true }],
    ['one group alone', ['!all', '!min', 'network'], { system: false, memtotal_mb: false, interfaces: true }],
    [
      'what holds a fact',
      ['!min', '!all', 'mounts'],
      { system: false, memtotal_mb: true, interfaces: false },
    ],
  ])('gathers %s', async (_, gather_subset, expected) => {
    const facts = await gather({ gather_subset });
    expect(Object.fromEntries(Object.keys(expected).map(name => [name, name in facts]))).toEqual(expected);
  });

  test('filters by patterns, with or without ansible_', async () => {
    expect(Object.keys(await gather({ filter: ['ansible_distribution*', 'kern?l'] })).sort()).toEqual([
      'distribution',
      'distribution_major_version',
      'distribution_minor_version',
      'distribution_release',
      'distribution_version',
      'kernel',
    ]);
  });

  test('knows which subsets there are', () => {
    expect(() => withDefaults(setup, { gather_subset: ['all', '!netwrk'] })).toThrow(
      new ArgumentError(['"netwrk" is no subset of facts']),
    );
  });
});
