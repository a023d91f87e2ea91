/** `girofle-run PLAYBOOK`: everything that can be known before the first connection, then the run. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setup } from '../../tasks/setup.ts';
import { connector } from '../connection/connect.ts';
import { httpRequest } from '../connection/http.ts';
import { type Diagnostic, DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { Host, Inventory } from '../core/inventory.ts';
import type { Play, Playbook } from '../core/play.ts';
import { isMap, type Layer } from '../core/value.ts';
import { loadYaml } from '../core/yaml.ts';
import { run } from '../engine/run.ts';
import { MAGIC_NAMES } from '../engine/scope.ts';
import { selects } from '../engine/tags.ts';
import { becomeSettings, connectionSettings } from '../inventory/connection-settings.ts';
import { loadInventory } from '../inventory/load.ts';
import { explainUnmatched, selectHosts } from '../inventory/patterns.ts';
import { checkTemplates } from '../playbook/check-templates.ts';
import { loadPlaybook } from '../playbook/load.ts';
import { createRenderer, type RenderOptions, terminalDefaults } from '../render/choose.ts';
import { renderDiagnostics } from '../render/diagnostics.ts';
import { list } from '../render/listing.ts';
import { references, syntaxErrors } from '../template/template.ts';
import { VERSION } from '../version.ts';
import { askHostKey, askPassword, askVariables } from './ask.ts';
import { parseExtraVars } from './extra-vars.ts';
import { ControlledStop, stopOnSignals } from './signals.ts';

/** As commander gives them. */
export interface RunFlags {
  readonly inventory: readonly string[];
  readonly limit?: string;
  readonly extraVars: readonly string[];
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly forks: number;
  readonly plan?: boolean;
  readonly check?: boolean;
  readonly dryRun?: boolean;
  readonly detailedExitcode?: boolean;
  readonly diff?: boolean;
  readonly become?: boolean;
  readonly becomeUser?: string;
  readonly askBecomePass?: boolean;
  readonly user?: string;
  readonly privateKey?: string;
  readonly startAtTask?: string;
  readonly listHosts?: boolean;
  readonly listTasks?: boolean;
  readonly syntaxCheck?: boolean;
  readonly output?: 'pretty' | 'plain' | 'ndjson';
  readonly verbose: number;
}

/** What a run needs, loaded and checked. */
interface Loaded {
  readonly playbooks: readonly Playbook[];
  readonly inventory: Inventory;
  readonly extra: Layer;
  readonly warnings: readonly Diagnostic[];
}

/** @returns the exit code of DESIGN.md §9 */
export async function runPlaybooks(files: readonly string[], flags: RunFlags): Promise<number> {
  try {
    const loaded = await load(files, flags);
    report(loaded.warnings);
    if (flags.syntaxCheck) return say(`${files.join(', ')}: no mistakes found\n`);
    if (flags.listHosts || flags.listTasks) return say(listing(loaded, flags));
    return await start(loaded, flags);
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    report(error.diagnostics);
    return 4;
  }
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** Diagnostics on stderr, each with its code frame. */
function report(diagnostics: readonly Diagnostic[]): void {
  const { color } = terminalDefaults(process.env, process.stderr, process.stderr);
  const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
  if (diagnostics.length > 0) process.stderr.write(renderDiagnostics(diagnostics, read, color));
}

/** Throws a DiagnosticError with all that is wrong. */
async function load(files: readonly string[], flags: RunFlags): Promise<Loaded> {
  const missing = files.filter(file => !existsSync(file));
  if (missing.length > 0) throw new DiagnosticError(missing.map(missingPlaybook));
  const [inventory, extra, ...playbooks] = await Promise.all([
    loadInventory(inventorySources(files, flags), { playbookFolder: dirname(resolve(files[0] ?? '.')) }),
    parseExtraVars(flags.extraVars),
    ...files.map(file => loadPlaybook(file)),
  ]);
  const problems = [inventory, extra, ...playbooks].flatMap(part =>
    'diagnostics' in part ? part.diagnostics : [],
  );
  const known =
    'layer' in extra && 'inventory' in inventory ? knownNames(extra.layer, inventory.inventory) : undefined;
  const compiled = playbooks.map(part => ('playbook' in part ? part.playbook : part.partial));
  const inTemplates = known
    ? compiled.flatMap(playbook => checkTemplates(playbook, { references, syntaxErrors }, known))
    : [];
  const all = unique([...problems, ...inTemplates]);
  if (all.length > 0 || 'diagnostics' in inventory || 'diagnostics' in extra) throw new DiagnosticError(all);
  const good = playbooks.flatMap(part => ('playbook' in part ? [part] : []));
  return {
    playbooks: good.map(({ playbook }) => playbook),
    inventory: inventory.inventory,
    extra: extra.layer,
    warnings: [...inventory.warnings, ...good.flatMap(({ warnings }) => warnings)],
  };
}

function unique(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...new Map(diagnostics.map(diagnostic => [JSON.stringify(diagnostic), diagnostic])).values()];
}

const COMMANDS = ['run', 'doc', 'schedule'];

function missingPlaybook(file: string): Diagnostic {
  const hint = COMMANDS.some(command => command.startsWith(file.slice(0, 3)))
    ? `the commands are ${COMMANDS.join(', ')}`
    : 'give the path of a playbook';
  return errorAt(`no such file: ${file}`, undefined, hint);
}

/** -i, or inventory/hosts.yml here or beside the playbook's folder, or nothing: then there is localhost. */
function inventorySources(files: readonly string[], { inventory }: RunFlags): readonly string[] {
  if (inventory.length > 0) return inventory;
  const beside = join(dirname(files[0] ?? '.'), '..', 'inventory', 'hosts.yml');
  return ['inventory/hosts.yml', beside].filter(path => existsSync(path)).slice(0, 1);
}

/** Names that some host could know before the run. */
function knownNames(extra: Layer, { hosts, localhost }: Inventory): ReadonlySet<string> {
  const layers = [...hosts, ...(localhost ? [localhost] : [])].flatMap(host => host.layers);
  return new Set([...MAGIC_NAMES, ...[extra, ...layers].flatMap(({ values }) => Object.keys(values))]);
}

function listing({ playbooks, inventory, extra }: Loaded, flags: RunFlags): string {
  const names = (play: Play) =>
    hostsOf(inventory, flags, play, renderedPattern(play, extra)).map(({ name }) => name);
  const parts = {
    ...(flags.listHosts ? { hostsOf: names } : {}),
    ...(flags.listTasks ? { wants: (tags: readonly string[]) => selects(tags, flags) } : {}),
  };
  return playbooks.map(playbook => list(playbook, parts)).join('\n');
}

/** Good enough for a listing: a template is looked up in -e and the play's vars. */
function renderedPattern({ hosts, vars }: Play, extra: Layer): string {
  const layers = [...vars, extra];
  return String(hosts.value).replace(/\{\{\s*(\w+)[^}]*\}\}/g, (whole, name: string) => {
    const layer = layers.findLast(({ values }) => Object.hasOwn(values, name));
    return layer ? String(layer.values[name]) : whole;
  });
}

function hostsOf(
  inventory: Inventory,
  { limit }: RunFlags,
  play: Play,
  pattern: string | readonly string[],
): readonly Host[] {
  const { hosts, unmatched } = selectHosts(
    inventory,
    pattern,
    limit === undefined ? undefined : limitPattern(limit),
  );
  report(
    unmatched.map(name => ({ severity: 'warning', place: play.place, ...explainUnmatched(inventory, name) })),
  );
  return hosts;
}

/** `--limit @file`: a pattern a line. */
function limitPattern(limit: string): string {
  if (!limit.startsWith('@')) return limit;
  const file = limit.slice(1);
  if (!existsSync(file)) throw new DiagnosticError(errorAt(`--limit ${limit}: no such file`));
  return readFileSync(file, 'utf8')
    .split('\n')
    .map(line => line.trim())
    .filter(Boolean)
    .join(',');
}

async function start({ playbooks, inventory, extra }: Loaded, flags: RunFlags): Promise<number> {
  const stop = new ControlledStop();
  const becomePassword = flags.askBecomePass ? await askPassword('sudo password: ') : undefined;
  const asked = await askedFor(playbooks, extra);
  const renderer = await createRenderer(renderOptions(flags, stop));
  const release = stopOnSignals(stop);
  try {
    return await run({
      playbooks: asked,
      inventory,
      hostsOf: (play, pattern) => hostsOf(inventory, flags, play, pattern),
      extra,
      planning: isPlanning(flags),
      detailedExitCode: flags.detailedExitcode === true,
      diff: flags.diff === true,
      verbosity: flags.verbose,
      forks: flags.forks,
      tags: flags.tags,
      skipTags: flags.skipTags,
      ...(flags.limit === undefined ? {} : { limit: flags.limit }),
      ...(flags.startAtTask === undefined ? {} : { startAt: flags.startAtTask }),
      ...(becomePassword === undefined ? {} : { becomePassword }),
      ...(flags.become || flags.becomeUser ? { become: true } : {}),
      ...(flags.becomeUser === undefined ? {} : { becomeUser: flags.becomeUser }),
      version: VERSION,
      setup,
      connect: connector(
        process.stdin.isTTY && process.stderr.isTTY
          ? { askHostKey: question => renderer.aside(() => askHostKey(question)) }
          : {},
      ),
      connectionSettings: (name, vars, play) => connectionSettings(name, withFlags(vars, flags), play),
      becomeSettings,
      http: httpRequest,
      loadVars,
      emit: renderer.on,
      signal: stop.signal,
    });
  } finally {
    release();
    await renderer.close();
  }
}

function askedFor(playbooks: readonly Playbook[], { values }: Layer): Promise<readonly Playbook[]> {
  const known = new Set(Object.keys(values));
  return Promise.all(
    playbooks.map(async playbook => ({ ...playbook, plays: await askVariables(playbook.plays, known) })),
  );
}

function isPlanning({ plan, check, dryRun }: RunFlags): boolean {
  return plan === true || check === true || dryRun === true;
}

/** -u and --private-key stand in where the inventory says nothing. */
function withFlags(
  vars: (name: string) => ReturnType<Parameters<typeof connectionSettings>[1]>,
  { user, privateKey }: RunFlags,
) {
  return (name: string) => {
    const found = vars(name);
    if (found !== undefined) return found;
    if (name === 'ansible_user') return user;
    return name === 'ansible_ssh_private_key_file' ? privateKey : undefined;
  };
}

/** A reader of our output that went away ends the run: nobody would see what it does. */
function renderOptions(flags: RunFlags, stop: ControlledStop): RenderOptions {
  const { stdout, stderr, env } = process;
  const defaults = terminalDefaults(env, stdout, stderr);
  return {
    ...defaults,
    output: flags.output ?? defaults.output,
    verbosity: flags.verbose,
    diff: flags.diff === true,
    stdout,
    stderr,
    onBroken: () => stop.stop('SIGPIPE'),
  };
}

function loadVars(path: string): Layer {
  const { value, diagnostics } = loadYaml(path, readFileSync(path, 'utf8'));
  if (diagnostics.length > 0) throw new DiagnosticError(diagnostics);
  if (value !== null && !isMap(value))
    throw new DiagnosticError(errorAt(`${path}: a map of variables is needed`));
  return { origin: path, values: value ?? {}, templated: true };
}
