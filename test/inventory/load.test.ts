import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { headline } from '../../src/core/diagnostic.ts';
import type { Inventory } from '../../src/core/inventory.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { explainVariable } from '../../src/inventory/origins.ts';
import { folderOf } from './folder.ts';

async function load(files: Readonly<Record<string, string>>, sources = ['inv']): Promise<Inventory> {
  const loaded = await loadInventory(sources, { cwd: folderOf(files) });
  if ('diagnostics' in loaded) throw new Error(loaded.diagnostics.map(headline).join('\n'));
  return loaded.inventory;
}

function hostOf({ hosts }: Inventory, name: string) {
  const host = hosts.find(one => one.name === name);
  if (!host) throw new Error(`no host ${name}`);
  return host;
}

test('groups are listed from all to the nearest', async () => {
  const inventory = await load({ inv: '[prod:children]\nweb\n[web]\nvm1\n[zone]\nvm1\n' });
  expect(hostOf(inventory, 'vm1').groups).toEqual(['all', 'prod', 'zone', 'web']);
});

test('files and the folder are absolute', async () => {
  const { folder, files } = await load({ 'inv/a': 'vm1\n', 'inv/b.yml': 'web: {hosts: {vm2: }}\n' });
  expect(files).toEqual([join(folder, 'a'), join(folder, 'b.yml')]);
  expect(folder).toMatch(/^\/.*\/inv$/);
});

test('every variable has a known origin and tells what it hides', async () => {
  const inventory = await load(
    {
      'inv/hosts.yml': 'web: {vars: {level: group}, hosts: {vm1: {level: host}}}\n',
      'inv/group_vars/all.yml': 'level: all\n',
      'inv/host_vars/vm1.yml': 'level: file\nonly: 1\n',
    },
    ['inv/hosts.yml'],
  );
  const host = hostOf(inventory, 'vm1');
  expect(explainVariable(host, 'level')).toEqual({
    origin: 'inv/host_vars/vm1.yml',
    value: 'file',
    hides: [
      { origin: 'inv/hosts.yml (host vm1)', value: 'host' },
      { origin: 'inv/group_vars/all.yml', value: 'all' },
      { origin: 'inv/hosts.yml (group web)', value: 'group' },
    ],
  });
  expect(explainVariable(host, 'only')).toEqual({ origin: 'inv/host_vars/vm1.yml', value: 1, hides: [] });
  expect(explainVariable(host, 'nothing')).toBeUndefined();
});

describe('names without their prefix', () => {
  const values = ({ layers }: { layers: Inventory['hosts'][number]['layers'] }) =>
    Object.assign({}, ...layers.map(layer => layer.values));

  test('stand for the connection in the inventory itself', async () => {
    const inventory = await load({ inv: 'vm1 host=10.0.0.1 port=2222 user=deploy become=yes\n' });
    expect(values(hostOf(inventory, 'vm1'))).toEqual({
      host: '10.0.0.1',
      port: 2222,
      user: 'deploy',
      become: 'yes',
      ansible_host: '10.0.0.1',
      ansible_port: 2222,
      ansible_user: 'deploy',
      ansible_become: 'yes',
    });
  });

  test('give way to the prefixed one, wherever it stands', async () => {
    const inventory = await load({ inv: '[web]\nvm1 port=2222\n[web:vars]\nansible_port=22\n' });
    expect(values(hostOf(inventory, 'vm1'))).toEqual({ port: 2222, ansible_port: 22 });
  });

  test('mean nothing of the kind in group_vars and host_vars', async () => {
    const inventory = await load({ inv: 'vm1\n', 'host_vars/vm1.yml': 'port: 8080\n' });
    expect(values(hostOf(inventory, 'vm1'))).toEqual({ port: 8080 });
  });
});

test('localhost sees what is set for all, and is local', async () => {
  const { hosts, localhost } = await load({
    inv: 'vm1\n[all:vars]\na=1\n',
    'group_vars/all.yml': 'b: 2\n',
    'host_vars/localhost.yml': 'c: 3\n',
  });
  expect(hosts.map(({ name }) => name)).toEqual(['vm1']);
  expect(localhost).toEqual({
    name: 'localhost',
    groups: [],
    layers: [
      { origin: 'inv (group all)', values: { a: 1 }, templated: true },
      { origin: 'group_vars/all.yml', values: { b: 2 }, templated: true },
      { origin: 'implicit localhost', values: { ansible_connection: 'local' }, templated: false },
      { origin: 'host_vars/localhost.yml', values: { c: 3 }, templated: true },
    ],
  });
});

test('without any source there is localhost alone', async () => {
  const cwd = folderOf({});
  const loaded = await loadInventory([], { cwd });
  expect(loaded).toEqual({
    inventory: {
      hosts: [],
      groups: { all: [], ungrouped: [] },
      folder: cwd,
      files: [],
      sources: [],
      localhost: {
        name: 'localhost',
        groups: [],
        layers: [{ origin: 'implicit localhost', values: { ansible_connection: 'local' }, templated: false }],
      },
    },
    warnings: [],
  });
});
