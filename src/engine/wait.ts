/** Waiting on a host: for a condition that is asked about again and again, or for a time. */
import type { DockerCall } from '../core/docker.ts';
import { ProbeError } from '../core/probe.ts';
import type { StepOutput, Wait } from '../core/step.ts';
import type { Become } from '../core/transport.ts';
import type { Machine } from './machine.ts';
import { askOnce, type HttpRequest, isHostRequest, want } from './observe.ts';

/** What steps need to be executed. */
export interface ApplyContext {
  readonly as: Become | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Seconds for each script that has no limit of its own. */
  readonly limit: number | undefined;
  readonly http: HttpRequest;
  readonly signal: AbortSignal;
  readonly onLine: (line: string, stream: 'stdout' | 'stderr' | 'progress') => void;
}

/** How a step that is no script ended. */
export interface Tried {
  readonly answer: NonNullable<StepOutput['answer']> | null;
  readonly failure?: string;
}

export const ok = (answer: Tried['answer']): Tried => ({ answer });

export async function waitFor(machine: Machine, wait: Wait, context: ApplyContext): Promise<Tried> {
  const { request, judge } = wait;
  if (!isHostRequest(request)) throw new Error('only a host can be waited for');
  const end = Date.now() + wait.timeout * 1000;
  if (wait.delay) await sleep(wait.delay, context.signal);
  for (let told = ''; ; ) {
    const seen = await askOnce(machine, want(request, context.as), context.http, context.signal).catch(
      patiently,
    );
    const verdict = seen instanceof ProbeError ? { again: seen.message } : judge(seen.value);
    const answer = seen instanceof ProbeError ? null : seen.value;
    if ('done' in verdict) return ok(answer);
    if ('failed' in verdict)
      return { answer, failure: await withLastWords(machine, verdict.failed, wait, context) };
    if (Date.now() >= end) {
      return {
        answer,
        failure: await withLastWords(
          machine,
          `not within ${wait.timeout} s: ${verdict.again}`,
          wait,
          context,
        ),
      };
    }
    const says = (await lastLine(machine, wait.progress, context)) ?? verdict.again;
    if (says !== told) context.onLine(says, 'progress');
    told = says;
    await sleep(Math.min(wait.interval, Math.max(0, (end - Date.now()) / 1000)), context.signal);
  }
}

/** A look that fails while waiting is not the end of the wait. */
function patiently(error: unknown): ProbeError {
  if (error instanceof ProbeError) return error;
  throw error;
}

async function lastLine(
  machine: Machine,
  call: DockerCall | undefined,
  context: ApplyContext,
): Promise<string | undefined> {
  return call && (await logLines(machine, call, context)).at(-1);
}

async function withLastWords(
  machine: Machine,
  failure: string,
  { onFailure }: Wait,
  context: ApplyContext,
): Promise<string> {
  const lines = onFailure ? await logLines(machine, onFailure, context) : [];
  return lines.length === 0
    ? failure
    : `${failure}\nits last lines:\n${lines.map(line => `  ${line}`).join('\n')}`;
}

async function logLines(
  machine: Machine,
  call: DockerCall,
  { as, signal }: ApplyContext,
): Promise<readonly string[]> {
  const { body } = await (await machine.connection()).docker(call, { signal, ...(as ? { as } : {}) });
  return typeof body === 'string' ? body.split('\n').filter(line => line.trim() !== '') : [];
}

/** Seconds, ended early (rejecting) by the signal. */
export function sleep(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, seconds * 1000);
    signal.addEventListener('abort', stop, { once: true });
  });
}
