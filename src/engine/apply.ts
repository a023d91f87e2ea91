/** Executes steps: the only place where a host is changed. Scripts that follow one another travel together. */
import { type DockerCall, dockerSucceeded } from '../core/docker.ts';
import { INLINE_LIMIT, stagedPath, writeFileScript } from '../core/file-write.ts';
import type { FileWrite, Step, StepOutput } from '../core/step.ts';
import type { Become, Outcome, Script } from '../core/transport.ts';
import type { Value } from '../core/value.ts';
import type { Machine } from './machine.ts';
import { compileBatch, type Wanted } from './observe.ts';
import { type ApplyContext, ok, sleep, type Tried, waitFor } from './wait.ts';

export interface Applied {
  /** One for each step that was tried. */
  readonly outputs: readonly StepOutput[];
  /** Why the last of them failed. */
  readonly failure?: string;
}

/**
 * Runs steps in order up to the first that fails. Shell requests in `next` ride in the last exchange, so that what comes
 * after is seen without another wait. Everything seen before is forgotten.
 */
export async function apply(
  machine: Machine,
  steps: readonly Step[],
  next: readonly Wanted[],
  context: ApplyContext,
): Promise<Applied> {
  machine.forget();
  const outputs: StepOutput[] = [];
  const groups = groupSteps(steps);
  for (const group of groups) {
    const applied = await applyGroup(machine, group, group === groups.at(-1) ? next : [], context);
    if (!group.every(ridesInExchange)) machine.forget();
    outputs.push(...applied.outputs);
    if (applied.failure !== undefined) return { outputs, failure: applied.failure };
  }
  return { outputs };
}

/** Steps that one exchange can carry stand together; each other step alone. */
function groupSteps(steps: readonly Step[]): readonly (readonly Step[])[] {
  const groups: Step[][] = [];
  let open: Step[] | undefined;
  for (const step of steps) {
    if (!ridesInExchange(step)) {
      groups.push([step]);
      open = undefined;
    } else if (open) open.push(step);
    else {
      open = [step];
      groups.push(open);
    }
  }
  return groups;
}

function ridesInExchange({ action }: Step): boolean {
  return action.kind === 'script' || (action.kind === 'write' && !isLarge(action.file));
}

function isLarge({ content }: FileWrite): boolean {
  return (content instanceof Uint8Array ? content.length : content.size) > INLINE_LIMIT;
}

async function applyGroup(
  machine: Machine,
  group: readonly Step[],
  next: readonly Wanted[],
  context: ApplyContext,
): Promise<Applied> {
  const [first] = group;
  if (first === undefined) return { outputs: [] };
  const { action } = first;
  switch (action.kind) {
    case 'script':
      return applyScripts(machine, group, next, context);
    case 'write':
      if (isLarge(action.file)) await stage(machine, action.file, context);
      return applyScripts(machine, group, next, context);
    case 'docker':
      return single(await timed(() => callDocker(machine, action.call, action.success, first, context)));
    case 'http':
      return single(
        await timed(async () =>
          ok(await toValue(context.http(await machine.connection(), action.call, context.signal))),
        ),
      );
    case 'wait':
      return single(await timed(() => waitFor(machine, action.wait, context)));
    case 'sleep':
      return single(await timed(() => sleep(action.seconds, context.signal).then(() => ok(null))));
  }
}

async function stage(machine: Machine, file: FileWrite, { as, signal }: ApplyContext): Promise<void> {
  const connection = await machine.connection();
  const content = file.content instanceof Uint8Array ? file.content : { file: file.content.file };
  await connection.upload({ path: stagedPath(file.path), content }, { signal, ...(as ? { as } : {}) });
}

async function applyScripts(
  machine: Machine,
  group: readonly Step[],
  next: readonly Wanted[],
  context: ApplyContext,
): Promise<Applied> {
  const riding = compileBatch(
    next.filter(one => rides(one, context.as)),
    machine.apart,
  );
  const scripts = [...group.map((step, i) => toScript(step, i > 0, context)), ...riding.scripts];
  const startedAt = new Date();
  const connection = await machine.connection();
  machine.exchanges++;
  const { generation } = machine;
  const outcomes = await connection.exchange(scripts, {
    signal: context.signal,
    ...(context.as ? { as: context.as } : {}),
    onLine: (script, line, stream) => {
      if (group[script]?.streams) context.onLine(line, stream);
    },
  });
  const seen = riding.entries(outcomes.slice(group.length));
  const undisturbed = generation === machine.generation;
  machine.forget();
  if (undisturbed) machine.remember(seen, machine.generation);
  return judgeScripts(group, outcomes, startedAt, context.limit);
}

function rides({ request, as }: Wanted, user: Become | undefined): boolean {
  return (request.via === 'shell' || request.via === 'script') && as?.user === user?.user;
}

const ANY_CODE = Array.from({ length: 256 }, (_, code) => code);

function toScript({ action }: Step, needsPrevious: boolean, { env, limit }: ApplyContext): Script {
  if (action.kind === 'write')
    return {
      text: writeFileScript(action.file, isLarge(action.file) ? stagedPath(action.file.path) : undefined),
      needsPrevious,
    };
  if (action.kind !== 'script') throw new Error(`a ${action.kind} step cannot ride in an exchange`);
  const seconds = action.limit ?? limit;
  return {
    text: action.text,
    needsPrevious,
    env: { ...env, ...action.env },
    ...(seconds === undefined ? {} : { limit: seconds }),
    ...(action.success === undefined
      ? {}
      : { success: action.success === 'any' ? ANY_CODE : action.success }),
  };
}

function judgeScripts(
  group: readonly Step[],
  outcomes: readonly Outcome[],
  startedAt: Date,
  limit: number | undefined,
): Applied {
  const outputs: StepOutput[] = [];
  const duration = (Date.now() - startedAt.getTime()) / 1000;
  for (const [i, step] of group.entries()) {
    const outcome = outcomes[i];
    if (outcome === undefined || outcome.skipped) break;
    outputs.push({ code: outcome.code, stdout: outcome.stdout, stderr: outcome.stderr, duration, startedAt });
    if (!succeeded(step, outcome)) return { outputs, failure: describeFailure(step, outcome, limit) };
  }
  return { outputs };
}

function succeeded({ action }: Step, { code, timedOut }: Outcome): boolean {
  if (timedOut) return false;
  const success = action.kind === 'script' ? (action.success ?? [0]) : [0];
  return success === 'any' || success.includes(code);
}

function describeFailure(
  { say, action }: Step,
  { code, stdout, stderr, timedOut }: Outcome,
  limit: number | undefined,
): string {
  const seconds = (action.kind === 'script' ? action.limit : undefined) ?? limit;
  const said = stderr.trim() || stdout.trim();
  const tooLong =
    seconds === undefined ? 'took too long and was ended' : `took longer than ${seconds} s and was ended`;
  return `${say}: ${timedOut ? tooLong : said || `exit code ${code}`}`;
}

async function timed(act: () => Promise<Tried>): Promise<{ output: StepOutput; failure?: string }> {
  const startedAt = new Date();
  const { answer, failure } = await act();
  const duration = (Date.now() - startedAt.getTime()) / 1000;
  const output = {
    code: failure === undefined ? 0 : 1,
    stdout: '',
    stderr: failure ?? '',
    answer,
    duration,
    startedAt,
  };
  return { output, ...(failure === undefined ? {} : { failure }) };
}

function single({ output, failure }: { output: StepOutput; failure?: string }): Applied {
  return { outputs: [output], ...(failure === undefined ? {} : { failure }) };
}

async function toValue(answer: Promise<object>): Promise<Value> {
  return { ...(await answer) };
}

async function callDocker(
  machine: Machine,
  call: DockerCall,
  success: readonly number[] | undefined,
  step: Step,
  context: ApplyContext,
): Promise<Tried> {
  const connection = await machine.connection();
  machine.exchanges++;
  const answer = await connection.docker(call, {
    signal: context.signal,
    ...(context.as ? { as: context.as } : {}),
    onLine: line => {
      if (step.streams) context.onLine(line, 'progress');
    },
  });
  if (dockerSucceeded(answer) || success?.includes(answer.status)) return ok(answer);
  return { answer, failure: `${step.say}: ${answer.message ?? `Docker answered ${answer.status}`}` };
}
