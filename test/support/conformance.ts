/**
 * What every module must keep, checked on a real shell in a folder of its own: its plan touches nothing and is what then
 * happens, a second run has nothing to do, wrong arguments are refused, and a host that says no is heard.
 */
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AnyTaskModule } from '../../src/core/task-module.ts';
import type { Value, ValueMap } from '../../src/core/value.ts';
import { isMap } from '../../src/core/value.ts';
import { ArgumentError, withDefaults } from './module-args.ts';
import type { RunOptions, RunResult } from './run-module.ts';
import { runModule } from './run-module.ts';
import { runShell, shells } from './shell.ts';

/** `HERE` in any text stands for the folder of the case. */
export interface Case {
  /** Ends a sentence that begins with the module's name. */
  readonly does: string;
  readonly args: ValueMap;
  /** Shell text, run in the folder, that makes what the case begins with. */
  readonly given?: string;
  /** The sentences of the plan; none: nothing to do. */
  readonly says: readonly string[];
  /** Shell text run in the folder afterwards, and what it prints. */
  readonly leaves?: { readonly run: string; readonly prints: string };
  /** What `register` gets, at least. */
  readonly returns?: ValueMap;
  /** A second run does the same again. */
  readonly repeats?: boolean;
  readonly options?: RunOptions;
}

/** The module refuses by itself, or the host does; nothing is changed. */
export interface Denial {
  readonly when: string;
  readonly args: ValueMap;
  readonly given?: string;
  /** The message, whole. */
  readonly says: string;
  /** Run as a user without rights instead of root. */
  readonly unprivileged?: boolean;
  readonly options?: RunOptions;
}

export interface Conformance {
  readonly cases: readonly Case[];
  readonly denials?: readonly Denial[];
  /** Arguments that are wrong, and every problem with them. */
  readonly wrong?: readonly { readonly args: ValueMap; readonly says: readonly string[] }[];
}

const NOBODY = { uid: 65534, gid: 65534 };

export function conforms(module: AnyTaskModule, { cases, denials = [], wrong = [] }: Conformance): void {
  describe.each(shells)(`${module.name}, by %s,`, shell => {
    let here = '';
    beforeEach(() => {
      here = mkdtempSync(join(tmpdir(), 'girofle-case-'));
      chmodSync(here, 0o755);
    });
    afterEach(async () => {
      await runShell(`chattr -R -ia '${here}' 2>/dev/null`);
      rmSync(here, { recursive: true, force: true });
    });

    test.each(cases.map(each => [each.does, each] as const))('%s', async (_, each) => {
      const options = { ...each.options, shell, cwd: here };
      const args = placed(each.args, here) as ValueMap;
      await prepare(each.given, here);
      const before = snapshot(here);
      const planned = await runModule(module, args, { ...options, planOnly: true });
      expect(planned.refusal).toBeUndefined();
      expect(planned.says).toEqual(each.says.map(say => say.replaceAll('HERE', here)));
      expect(snapshot(here), 'planning touches nothing').toEqual(before);

      const done = await runModule(module, args, options);
      expect(done.says, 'what is done is what was planned').toEqual(planned.says);
      expect(done.failed, JSON.stringify(done.result)).toBe(false);
      expect(done.changed).toBe(planned.changed);
      if (each.returns) expect(done.result).toMatchObject(placed(each.returns, here) as ValueMap);
      if (each.leaves)
        expect((await runShell(each.leaves.run, { cwd: here })).stdout).toBe(
          each.leaves.prints.replaceAll('HERE', here),
        );
      if (!each.repeats) await expectNothingToDo(module, args, options);
    });

    test.each(denials.map(each => [each.when, each] as const))('refused: %s', async (_, each) => {
      const options = { ...each.options, shell, cwd: here, ...(each.unprivileged ? { as: NOBODY } : {}) };
      await prepare(each.given, here);
      const before = snapshot(here, { folderTimes: false });
      const done = await runModule(module, placed(each.args, here) as ValueMap, options).catch(asResult);
      expect(done.failed).toBe(true);
      expect(done.result.msg).toBe(each.says.replaceAll('HERE', here));
      expect(snapshot(here, { folderTimes: false }), 'nothing is changed').toEqual(before);
    });
  });

  if (wrong.length > 0) {
    test.each(wrong.map(each => [JSON.stringify(each.args), each] as const))(
      `${module.name} refuses %s`,
      (_, each) => {
        expect(problemsWith(module, each.args)).toEqual(each.says);
      },
    );
  }
}

async function expectNothingToDo(module: AnyTaskModule, args: ValueMap, options: RunOptions): Promise<void> {
  const again = await runModule(module, args, options);
  expect(again.says, 'a second run has nothing to do').toEqual([]);
  expect(again.changed).toBe(false);
}

async function prepare(given: string | undefined, here: string): Promise<void> {
  if (given === undefined) return;
  const { code, stderr } = await runShell(`set -e; ${given.replaceAll('HERE', here)}`, { cwd: here });
  if (code !== 0) throw new Error(`the case could not be prepared: ${stderr}`);
}

/** A probe that cannot understand what it sees fails the task with its message. */
function asResult(error: unknown): Pick<RunResult, 'failed' | 'result'> {
  return { failed: true, result: { msg: error instanceof Error ? error.message : String(error) } };
}

function problemsWith(module: AnyTaskModule, args: ValueMap): readonly string[] {
  try {
    withDefaults(module, args);
    return [];
  } catch (error) {
    if (error instanceof ArgumentError) return error.problems;
    throw error;
  }
}

function placed(value: Value, here: string): Value {
  if (typeof value === 'string') return value.replaceAll('HERE', here);
  if (Array.isArray(value)) return value.map(part => placed(part, here));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, placed(part, here)]));
}

/** Everything in a folder: names, types, modes, owners, times of change, contents. Times of access are not looked at. */
export function snapshot(
  folder: string,
  options: { folderTimes: boolean } = { folderTimes: true },
): Record<string, string> {
  const entries: Record<string, string> = {};
  const add = (path: string, name: string) => {
    const state = lstatSync(path);
    const times = options.folderTimes || !state.isDirectory() ? [state.mtimeMs, state.ctimeMs] : [];
    const content = state.isSymbolicLink()
      ? readlinkSync(path)
      : state.isFile()
        ? readFileSync(path).toString('base64')
        : '';
    entries[name] = [state.mode.toString(8), state.uid, state.gid, ...times, content].join(' ');
    if (state.isDirectory())
      for (const child of readdirSync(path)) add(join(path, child), `${name}/${child}`);
  };
  add(folder, '.');
  return entries;
}
