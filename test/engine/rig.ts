/** Runs playbook text with the real engine, real modules and a real local shell, and gives back the events. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { connector } from '../../src/connection/connect.ts';
import { httpRequest } from '../../src/connection/http.ts';
import { DiagnosticError } from '../../src/core/diagnostic.ts';
import type { RunEvent } from '../../src/core/event.ts';
import type { Connect } from '../../src/core/transport.ts';
import { isMap, type Layer, type ValueMap } from '../../src/core/value.ts';
import { loadYaml } from '../../src/core/yaml.ts';
import type { RunOptions } from '../../src/engine/options.ts';
import { run } from '../../src/engine/run.ts';
import { becomeSettings, connectionSettings } from '../../src/inventory/connection-settings.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { selectHosts } from '../../src/inventory/patterns.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { setup } from '../../tasks/setup.ts';

const folders: string[] = [];

/** A new folder that is removed when the file's tests are over. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'girofle-test-'));
  folders.push(path);
  return path;
}

afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

export interface Ran {
  readonly exit: number;
  readonly events: readonly RunEvent[];
  /** `host task: status` in order of ending; includes that went well are left out. */
  readonly endings: readonly string[];
  readonly recap: Extract<RunEvent, { type: 'recap' }>;
}

export interface RigOptions {
  readonly extra?: ValueMap;
  readonly planning?: boolean;
  readonly batching?: boolean;
  readonly forks?: number;
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  readonly startAt?: string;
  readonly inventory?: string;
  readonly signal?: AbortSignal;
  readonly connect?: Connect;
  /** Files beside the playbook, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly onEvent?: (event: RunEvent) => void;
}

/** One local host that is called `here`. */
export const HERE = 'all:\n  hosts:\n    here:\n      ansible_connection: local\n';

/** Several names for this machine. */
export function locals(...names: readonly string[]): string {
  return `all:\n  vars: { ansible_connection: local }\n  hosts:\n${names.map(name => `    ${name}:\n`).join('')}`;
}

export async function runText(playbook: string, options: RigOptions = {}): Promise<Ran> {
  const place = folder();
  const file = join(place, 'play.yml');
  const inventoryFile = join(place, 'hosts.yml');
  writeFileSync(file, playbook);
  writeFileSync(inventoryFile, options.inventory ?? HERE);
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(place, name), text);
  return runFile(file, inventoryFile, options);
}

/** The same for a playbook and an inventory that are files already. */
export async function runFile(file: string, inventoryFile: string, options: RigOptions): Promise<Ran> {
  const loaded = await loadPlaybook(file);
  if ('diagnostics' in loaded) throw new DiagnosticError(loaded.diagnostics);
  const inventory = await loadInventory([inventoryFile], { playbookFolder: dirname(file) });
  if ('diagnostics' in inventory) throw new DiagnosticError(inventory.diagnostics);
  const events: RunEvent[] = [];
  const settings: RunOptions = {
    playbooks: [loaded.playbook],
    inventory: inventory.inventory,
    hostsOf: (_, pattern) => selectHosts(inventory.inventory, pattern).hosts,
    extra: { origin: '-e', values: options.extra ?? {}, templated: true },
    planning: options.planning ?? false,
    diff: false,
    verbosity: 0,
    forks: options.forks ?? 10,
    tags: options.tags ?? [],
    skipTags: options.skipTags ?? [],
    ...(options.startAt === undefined ? {} : { startAt: options.startAt }),
    batching: options.batching ?? true,
    version: '0.0.0',
    setup,
    connect: options.connect ?? connector({}),
    connectionSettings,
    becomeSettings,
    http: httpRequest,
    loadVars,
    emit: event => {
      events.push(event);
      options.onEvent?.(event);
    },
    signal: options.signal ?? new AbortController().signal,
  };
  const exit = await run(settings);
  return { exit, events, endings: endings(events), recap: recapOf(events) };
}

function loadVars(path: string): Layer {
  const { value } = loadYaml(path, readFileSync(path, 'utf8'));
  return { origin: path, values: isMap(value) ? value : {}, templated: true };
}

function endings(events: readonly RunEvent[]): readonly string[] {
  return events.flatMap(event =>
    event.type === 'task_end' &&
    (event.module !== 'include_tasks' || !['ok', 'skipped'].includes(event.status))
      ? [`${event.host} ${event.task}: ${event.status}${event.uncertain ? ' (uncertain)' : ''}`]
      : [],
  );
}

function recapOf(events: readonly RunEvent[]): Ran['recap'] {
  const recap = events.at(-1);
  if (recap?.type !== 'recap') throw new Error('the last event is no recap');
  return recap;
}

/** Messages of failed tasks and of hosts that could not be reached. */
export function complaints({ events }: Ran): readonly string[] {
  return events.flatMap(event => {
    if (event.type === 'task_end' && event.status === 'failed') return [event.message ?? ''];
    return event.type === 'host_unreachable' ? [event.message] : [];
  });
}
