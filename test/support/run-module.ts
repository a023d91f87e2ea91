/**
 * Runs one module on this machine as the engine would: probe, plan, apply, result, by a real shell.
 * Batches, connections and become are not here; what a module knows and does is.
 */

import { readFile, rm, writeFile } from 'node:fs/promises';
import { INLINE_LIMIT, stagedPath, writeFileScript } from '../../src/core/file-write.ts';
import type { Answer, Request } from '../../src/core/probe.ts';
import { requestKey } from '../../src/core/probe.ts';
import type { Action, Step, StepOutput } from '../../src/core/step.ts';
import type { AnyTaskModule, PlanContext, Refusal } from '../../src/core/task-module.ts';
import { isRefusal } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import type { AnswerOptions } from './answer-request.ts';
import { answerControllerRequest, answerRequest } from './answer-request.ts';
import { withDefaults } from './module-args.ts';
import { runShell } from './shell.ts';

export interface RunOptions extends AnswerOptions {
  /** Plan and stop: nothing is applied, `result` is not asked. */
  readonly planOnly?: boolean;
  readonly verbosity?: number;
  /** Called with each action before it is done. */
  readonly onAction?: (action: Action) => void | Promise<void>;
}

export interface RunResult {
  readonly steps: readonly Step[];
  /** The sentences of the steps. */
  readonly says: readonly string[];
  /** As `register` would get it: changed, failed, msg and what the module returns. Empty with planOnly. */
  readonly result: ValueMap;
  readonly changed: boolean;
  readonly failed: boolean;
  readonly refusal?: Refusal;
  /** Of the steps done; the last one failed when fewer than the steps. */
  readonly outputs: readonly StepOutput[];
}

/** Arguments are taken as a playbook gives them: defaults are filled in, wrong ones throw `ArgumentError`. */
export async function runModule(
  module: AnyTaskModule,
  raw: ValueMap,
  options: RunOptions = {},
): Promise<RunResult> {
  const args = withDefaults(module, raw);
  const context: PlanContext = {
    host: 'testhost',
    planning: options.planOnly ?? false,
    verbosity: options.verbosity ?? 0,
  };
  const seen = await observe(module, args, options);
  const plan = module.plan(args, seen, context);
  if (isRefusal(plan)) return refused(plan);
  const planned = { steps: plan, says: plan.map(step => step.say) };
  const wouldChange = plan.some(step => step.changes !== false);
  if (options.planOnly) return { ...planned, result: {}, changed: wouldChange, failed: false, outputs: [] };

  const { outputs, failure } = await applyAll(plan, options);
  const own = module.result?.(args, seen, outputs, context) ?? {};
  const failed = failure !== undefined || own.failed === true;
  const done = failure === undefined ? outputs.length : outputs.length - 1;
  const made = plan.slice(0, done).some(step => step.changes !== false);
  const changed = own.changed === undefined ? made : own.changed === true;
  const result: ValueMap = { ...(failure === undefined ? {} : { msg: failure }), ...own, changed, failed };
  return { ...planned, result, changed, failed, outputs };
}

function refused(refusal: Refusal): RunResult {
  const result: ValueMap = { changed: false, failed: true, msg: refusal.refusal, ...refusal.result };
  return { steps: [], says: [], result, changed: false, failed: true, refusal, outputs: [] };
}

async function observe(module: AnyTaskModule, args: ValueMap, options: RunOptions): Promise<unknown> {
  const written = module.probe?.(args);
  if (written === undefined) return undefined;
  const probe = written.refine
    ? written.refine.with(
        await Promise.all(written.refine.requests.map(r => answerControllerRequest(r, options))),
      )
    : written;
  return probe.read(await answerAll(probe.requests, options));
}

/** Requests of one shell kind share one script, as in the engine. */
async function answerAll(requests: readonly Request[], options: RunOptions): Promise<readonly Answer[]> {
  const answers = new Map<string, Answer>();
  const kinds = new Set(requests.filter(isShell).map(request => request.kind));
  for (const kind of kinds) {
    const group = requests.filter(isShell).filter(request => request.kind === kind);
    const { code, stdout, stderr } = await runShell(kind.script(group.map(r => r.query)).text, options);
    if (code !== 0) throw new Error(`the script of kind ${kind.name} exited with ${code}: ${stderr}`);
    const parts = stdout.split('\x1e');
    if (parts.length !== group.length + 1) {
      throw new Error(
        `kind ${kind.name} gave ${parts.length - 1} answers to ${group.length} queries: ${stderr}`,
      );
    }
    group.forEach((request, i) => {
      answers.set(requestKey(request), { via: 'shell', value: parts[i] ?? '' });
    });
  }
  const all: Answer[] = [];
  for (const request of requests)
    all.push(answers.get(requestKey(request)) ?? (await answerRequest(request, options)));
  return all;
}

function isShell(request: Request): request is Extract<Request, { via: 'shell' }> {
  return request.via === 'shell';
}

async function applyAll(
  steps: readonly Step[],
  options: RunOptions,
): Promise<{ outputs: StepOutput[]; failure?: string }> {
  const outputs: StepOutput[] = [];
  for (const step of steps) {
    await options.onAction?.(step.action);
    const startedAt = new Date();
    const { failure, ...output } = await apply(step.action, options);
    outputs.push({ ...output, startedAt, duration: (Date.now() - startedAt.getTime()) / 1000 });
    if (failure !== undefined) return { outputs, failure };
  }
  return { outputs };
}

type Applied = Pick<StepOutput, 'code' | 'stdout' | 'stderr' | 'answer'> & { failure?: string };

async function apply(action: Action, options: RunOptions): Promise<Applied> {
  switch (action.kind) {
    case 'script':
      return runScript(action, options);
    case 'write':
      return writeTarget(action.file, options);
    case 'docker': {
      if (!options.docker) throw new Error('runModule was given no docker');
      const answer = await options.docker(action.call);
      const good = [304, ...(action.success ?? [])];
      const fine = (answer.status >= 200 && answer.status < 300) || good.includes(answer.status);
      return {
        code: fine ? 0 : 1,
        stdout: '',
        stderr: '',
        answer,
        ...(fine ? {} : { failure: answer.message ?? '' }),
      };
    }
    case 'http': {
      const answer = await answerRequest({ via: 'http', call: action.call }, options);
      return { code: 0, stdout: '', stderr: '', answer: answer.value as StepOutput['answer'] & {} };
    }
    case 'wait':
      return poll(action.wait, options);
    case 'sleep':
      return { code: 0, stdout: '', stderr: '' };
  }
}

async function runScript(action: Extract<Action, { kind: 'script' }>, options: RunOptions): Promise<Applied> {
  const outcome = await runShell(action.text.text, {
    ...options,
    env: { ...options.env, ...action.env },
    ...(action.limit === undefined ? {} : { limit: action.limit }),
  });
  const success = action.success ?? [0];
  const fine = success === 'any' || success.includes(outcome.code);
  return { ...outcome, ...(fine ? {} : { failure: outcome.stderr.trim() || `exit code ${outcome.code}` }) };
}

async function writeTarget(
  file: Extract<Action, { kind: 'write' }>['file'],
  options: RunOptions,
): Promise<Applied> {
  const content = file.content instanceof Uint8Array ? file.content : await readFile(file.content.file);
  const staged = content.length > INLINE_LIMIT ? stagedPath(file.path) : undefined;
  if (staged !== undefined) await writeFile(staged, content, { mode: 0o600 });
  const text = writeFileScript({ ...file, content }, staged);
  const applied = await runScript({ kind: 'script', text }, options);
  if (staged !== undefined) await rm(staged, { force: true });
  return applied;
}

async function poll(wait: Extract<Action, { kind: 'wait' }>['wait'], options: RunOptions): Promise<Applied> {
  const end = Date.now() + wait.timeout * 1000;
  if (wait.delay !== undefined) await new Promise(resolve => setTimeout(resolve, (wait.delay ?? 0) * 1000));
  for (;;) {
    const [answer] = await answerAll([wait.request], options);
    const verdict = wait.judge(answer?.value);
    const seen = { code: 0, stdout: '', stderr: '' };
    if ('done' in verdict) return { ...seen, answer: answer?.value as StepOutput['answer'] & {} };
    if ('failed' in verdict) return { ...seen, code: 1, failure: verdict.failed };
    if (Date.now() >= end) return { ...seen, code: 1, failure: `timed out: ${verdict.again}` };
    await new Promise(resolve => setTimeout(resolve, Math.min(wait.interval, 0.2) * 1000));
  }
}
