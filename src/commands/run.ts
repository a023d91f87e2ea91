/** `girofle-run PLAYBOOK`: loads, lists or runs, and shows. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { setup } from '../../tasks/setup.ts';
import { connector } from '../connection/connect.ts';
import { httpRequest } from '../connection/http.ts';
import { codeFrame, type Diagnostic, DiagnosticError, errorAt } from '../core/diagnostic.ts';
import type { RunEvent } from '../core/event.ts';
import type { Play, Playbook } from '../core/play.ts';
import { isMap, type Layer } from '../core/value.ts';
import { loadYaml } from '../core/yaml.ts';
import { run } from '../engine/run.ts';
import { selects } from '../engine/tags.ts';
import { becomeSettings, connectionSettings } from '../inventory/connection-settings.ts';
import { createRenderer, type RenderOptions, terminalDefaults } from '../render/choose.ts';
import { renderDiagnostics } from '../render/diagnostics.ts';
import { list } from '../render/listing.ts';
import type { TerminalRenderer } from '../render/pretty.ts';
import { VERSION } from '../version.ts';
import { askHostKey, askPassword, askVariables } from './ask.ts';
import { isPlanning, type RunFlags } from './flags.ts';
import { type Loaded, load } from './load.ts';
import { hostsOf } from './select-hosts.ts';
import { ControlledStop, stopOnSignals } from './signals.ts';

/** What a command that runs playbooks for its own ends brings along. */
export interface Seams {
  /** Listens instead of what shows a run to people. */
  readonly renderer?: TerminalRenderer;
  /** Asked for already. */
  readonly becomePassword?: string;
}

/** @returns the exit code, as README.md lists them */
export async function runPlaybooks(
  files: readonly string[],
  flags: RunFlags,
  seams: Seams = {},
): Promise<number> {
  try {
    const loaded = await load(files, flags);
    report(loaded.warnings);
    if (flags.syntaxCheck) return say(`${files.join(', ')}: no mistakes found\n`);
    if (flags.listHosts || flags.listTasks) return say(listing(loaded, flags));
    return await start(loaded, flags, seams);
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
  if (diagnostics.length > 0) process.stderr.write(renderDiagnostics(diagnostics, readSource, color));
}

function readSource(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function listing({ playbooks, inventory, extra }: Loaded, flags: RunFlags): string {
  const names = (play: Play) => {
    const { hosts, warnings } = hostsOf(inventory, flags.limit, play, renderedPattern(play, extra));
    report(warnings);
    return hosts.map(({ name }) => name);
  };
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

async function start(
  { playbooks, inventory, extra }: Loaded,
  flags: RunFlags,
  seams: Seams,
): Promise<number> {
  const stop = new ControlledStop();
  const becomePassword =
    seams.becomePassword ?? (flags.askBecomePass ? await askPassword('sudo password: ') : undefined);
  const asked = await askedFor(playbooks, extra);
  const renderer = seams.renderer ?? (await createRenderer(renderOptions(flags, stop)));
  const release = stopOnSignals(stop);
  try {
    return await run({
      playbooks: asked,
      inventory,
      hostsOf: (play, pattern) => {
        const { hosts, warnings } = hostsOf(inventory, flags.limit, play, pattern);
        for (const diagnostic of warnings) renderer.on(toEvent(diagnostic));
        return hosts;
      },
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
      program: { node: process.execPath, cli: realpathSync(process.argv[1] ?? ''), folder: process.cwd() },
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

function toEvent(diagnostic: Diagnostic): RunEvent {
  const frame = codeFrame(diagnostic, diagnostic.place && readSource(diagnostic.place.file));
  return { type: 'diagnostic', diagnostic, frame };
}

function askedFor(playbooks: readonly Playbook[], { values }: Layer): Promise<readonly Playbook[]> {
  const known = new Set(Object.keys(values));
  return Promise.all(
    playbooks.map(async playbook => ({ ...playbook, plays: await askVariables(playbook.plays, known) })),
  );
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
