/** The calls of a container's life as steps, and the waits for it to run or be healthy. */

import { type DockerCall, dockerPath } from '../../src/core/docker.ts';
import type { Step, Wait } from '../../src/core/step.ts';
import type { Value, ValueMap } from '../../src/core/value.ts';
import { dig, digList, digNumber, digText } from './dig.ts';
import { isDockerAnswer } from './probe.ts';

function call(say: string, docker: DockerCall, success?: readonly number[]): Step {
  return { say, action: { kind: 'docker', call: docker, ...(success === undefined ? {} : { success }) } };
}

function post(
  name: string,
  verb: string,
  query: Readonly<Record<string, string | number | boolean>> = {},
): DockerCall {
  return { method: 'POST', path: dockerPath('containers', name, verb), query, answer: 'none' };
}

/** @param made the name it is made under, when that is not yet the name it is for */
export function createStep(say: string, made: string, body: ValueMap, platform?: string): Step {
  const query = { name: made, ...(platform === undefined ? {} : { platform }) };
  return call(say, { method: 'POST', path: '/containers/create', query, body });
}

export function startStep(name: string): Step {
  return call(`start container ${name}`, { ...post(name, 'start'), limit: 120 });
}

/** @param timeout seconds until it is killed; by default the container's own */
export function stopStep(name: string, timeout?: number, own = 10): Step {
  const query: Record<string, number> = timeout === undefined ? {} : { t: timeout };
  return call(
    `stop container ${name}`,
    { ...post(name, 'stop', query), limit: (timeout ?? own) + 60 },
    [404],
  );
}

export function killStep(name: string): Step {
  return call(`kill container ${name}`, post(name, 'kill'), [404, 409]);
}

export function restartStep(name: string, own = 10): Step {
  return call(`restart container ${name}`, { ...post(name, 'restart'), limit: own + 120 });
}

export function renameStep(from: string, to: string): Step {
  return call(`rename container ${from} to ${to}`, post(from, 'rename', { name: to }));
}

export function updateStep(say: string, name: string, body: ValueMap): Step {
  return call(say, { method: 'POST', path: dockerPath('containers', name, 'update'), body });
}

/** @param volumes anonymous volumes go with it */
export function removeStep(
  name: string,
  options: { say?: string; volumes?: boolean; force?: boolean } = {},
): Step {
  const query = { v: options.volumes ?? true, force: options.force ?? false };
  const docker: DockerCall = {
    method: 'DELETE',
    path: dockerPath('containers', name),
    query,
    answer: 'none',
    limit: 120,
  };
  return call(options.say ?? `remove container ${name}`, docker, [404]);
}

function logs(name: string, tail: number): DockerCall {
  return {
    method: 'GET',
    path: dockerPath('containers', name, 'logs'),
    query: { stdout: true, stderr: true, tail },
    answer: 'log',
  };
}

export function logsStep(name: string): Step {
  return { ...call(`read the output of container ${name}`, logs(name, 1000)), changes: false };
}

type Verdict = ReturnType<Wait['judge']>;

function waiting(
  say: string,
  name: string,
  judge: (container: Value) => Verdict,
  wait: Pick<Wait, 'timeout' | 'interval' | 'delay'>,
): Step {
  return {
    say,
    changes: false,
    streams: true,
    action: {
      kind: 'wait',
      wait: {
        request: { via: 'docker', call: { method: 'GET', path: dockerPath('containers', name, 'json') } },
        judge: answer => judgeAnswer(answer, judge),
        onFailure: logs(name, 20),
        progress: logs(name, 1),
        ...wait,
      },
    },
  };
}

function judgeAnswer(answer: unknown, judge: (container: Value) => Verdict): Verdict {
  if (!isDockerAnswer(answer)) throw new Error('a wait for a container was not answered by Docker');
  if (answer.status === 404) return { failed: 'the container is gone' };
  if (answer.status !== 200) return { again: answer.message ?? `Docker answers ${answer.status}` };
  return judge(answer.body);
}

/** How often a restart policy may bring a container back before waiting for it is given up. */
const RESTARTS = 3;

function ended(container: Value): Verdict | undefined {
  const state = dig(container, 'State');
  const code = `exit code ${digNumber(state, 'ExitCode')}`;
  const restarts = digNumber(container, 'RestartCount');
  if (restarts >= RESTARTS) return { failed: `it ended with ${code} and was restarted ${restarts} times` };
  if (dig(state, 'Restarting') === true || restarts > 0)
    return { again: `it ended with ${code} and is restarted` };
  if (dig(state, 'Running') === true) return undefined;
  const reason = digText(state, 'Error');
  return { failed: `it ended at once with ${code}${reason === '' ? '' : `: ${reason}`}` };
}

/** Waits a moment, for a container that cannot run ends then. */
export function runningStep(name: string): Step {
  const judge = (container: Value) => ended(container) ?? { done: true as const };
  return waiting(`see container ${name} running`, name, judge, { timeout: 30, interval: 0.5, delay: 0.5 });
}

/** Waits until the health check passes; a container without one has to run only. */
export function healthyStep(
  name: string,
  timeout: number,
  options: { patient: boolean; interval?: number },
): Step {
  return waiting(
    `wait until container ${name} is healthy`,
    name,
    container => judgeHealth(container, options.patient),
    {
      timeout,
      interval: options.interval ?? 1,
      delay: 0.5,
    },
  );
}

/** @param patient an unhealthy container may still become healthy: a long start outlasts its retries */
function judgeHealth(container: Value, patient: boolean): Verdict {
  const status = healthOf(container);
  if (status === 'healthy') return { done: true };
  const end = ended(container);
  if (end !== undefined) return end;
  if (status === '') return { done: true };
  const last = lastCheck(container);
  const say = last === '' ? `its health is ${status}` : `its health is ${status}: ${last}`;
  return status === 'unhealthy' && !patient ? { failed: say } : { again: say };
}

/** `healthy`, `unhealthy`, `starting`, or '' without a check. */
export function healthOf(container: Value): string {
  const status = digText(container, 'State', 'Health', 'Status');
  return status === 'none' ? '' : status;
}

function lastCheck(container: Value): string {
  const last = digList(container, 'State', 'Health', 'Log').at(-1);
  return digText(last, 'Output').trim().split('\n').at(-1) ?? '';
}

/** Waits until the container has ended by itself; a code other than 0 fails. */
export function finishedStep(name: string, timeout: number): Step {
  const judge = (container: Value): Verdict => {
    if (dig(container, 'State', 'Running') === true) return { again: 'it runs' };
    const code = digNumber(container, 'State', 'ExitCode');
    return code === 0 ? { done: true } : { failed: `it ended with exit code ${code}` };
  };
  return waiting(`wait until container ${name} has ended`, name, judge, { timeout, interval: 0.5 });
}
