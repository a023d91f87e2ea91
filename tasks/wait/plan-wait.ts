/** What wait_for waits for, as one request and a judgement of its answer. */
import { isIP } from 'node:net';
import { words } from '../../src/core/args.ts';
import { type Answer, known, type Probe, type Request } from '../../src/core/probe.ts';
import { type Sh, sh } from '../../src/core/sh.ts';
import type { Step, StepOutput, Wait } from '../../src/core/step.ts';
import type { Plan } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { countConnections } from './tcp-table.ts';

export interface WaitArgs {
  readonly host: string;
  readonly port?: number;
  readonly path?: string;
  readonly search_regex?: string;
  readonly state: 'started' | 'present' | 'stopped' | 'absent' | 'drained';
  readonly timeout: number;
  readonly connect_timeout: number;
  readonly delay: number;
  readonly sleep: number;
  readonly exclude_hosts?: string | readonly string[];
  readonly active_connection_states: string | readonly string[];
  readonly msg?: string;
}

type Verdict = ReturnType<Wait['judge']>;

interface Condition {
  /** `port 80 of web1 to open` */
  readonly say: string;
  readonly request: Request;
  readonly judge: (answer: unknown) => Verdict;
}

export interface WaitSeen {
  readonly done: boolean;
  readonly answer?: unknown;
}

/** Undefined when there is nothing to look at: a mere pause. */
function conditionOf(args: WaitArgs): Condition | undefined {
  if (args.port !== undefined) return portCondition(args, args.port);
  return args.path === undefined ? undefined : pathCondition(args, args.path);
}

function portCondition(args: WaitArgs, port: number): Condition {
  const where = `port ${port} of ${args.host}`;
  if (args.state === 'drained') return drained(args, port, where);
  if (args.state === 'stopped' || args.state === 'absent') {
    return {
      say: `${where} to close`,
      request: reach(args, port),
      judge: is => (is === false ? { done: true } : { again: `${where} is open` }),
    };
  }
  if (args.search_regex !== undefined) return portSays(args, port, args.search_regex, where);
  return {
    say: `${where} to open`,
    request: reach(args, port),
    judge: is => (is === true ? { done: true } : { again: `${where} is closed` }),
  };
}

function reach({ host, connect_timeout: timeout }: WaitArgs, port: number): Request {
  return { via: 'reach', target: { host, port }, timeout };
}

function portSays(args: WaitArgs, port: number, regex: string, where: string): Condition {
  return {
    say: `${where} to say ${regex}`,
    request: script(listen(args, port)),
    judge: answer => {
      const { code, stdout } = outcomeOf(answer);
      if (code === 127)
        return { failed: `what ${where} says cannot be read: the host has neither bash nor nc` };
      return new RegExp(regex, 'm').test(stdout)
        ? { done: true }
        : { again: `${where} does not say ${regex}` };
    },
  };
}

/** What a port says, until it is silent for a second. */
function listen({ host, connect_timeout }: WaitArgs, port: number): Sh {
  const read = sh`exec 3<>"/dev/tcp/$1/$2" && while IFS= read -r -t 1 line <&3 || [ -n "$line" ]; do printf "%s\n" "$line"; line=; done`;
  return sh`
command -v bash >/dev/null 2>&1 || command -v nc >/dev/null 2>&1 || exit 127
if command -v bash >/dev/null 2>&1; then timeout ${connect_timeout + 5} bash -c ${read.text} bash ${host} ${port} 2>/dev/null
else timeout 2 nc ${host} ${port} </dev/null 2>/dev/null; fi | head -c 65536`;
}

function drained(args: WaitArgs, port: number, where: string): Condition {
  const excluded = words(args.exclude_hosts);
  return {
    say: `connections to ${where} to end`,
    request: script(sh`
name() { getent ahosts "$2" 2>/dev/null | awk -v word="$1" '{ print word, $1 }'; }
${namesOf([args.host])
  .map(name => sh`name host ${name}`)
  .reduce((all, one) => sh`${all}; ${one}`, sh`:`)}
${namesOf(excluded)
  .map(name => sh`name excluded ${name}`)
  .reduce((all, one) => sh`${all}; ${one}`, sh`:`)}
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; exit 0`),
    judge: answer => {
      const { stdout } = outcomeOf(answer);
      const resolved = (word: string) =>
        [...stdout.matchAll(new RegExp(`^${word} (\\S+)$`, 'gm'))].map(([, address = '']) => address);
      const busy = countConnections(stdout, {
        port,
        addresses: [args.host, ...resolved('host')],
        excluded: [...excluded, ...resolved('excluded')],
        states: words(args.active_connection_states),
      });
      return busy === 0
        ? { done: true }
        : { again: `${where} has ${busy} connection${busy === 1 ? '' : 's'}` };
    },
  };
}

function namesOf(hosts: readonly string[]): readonly string[] {
  return hosts.filter(host => isIP(host) === 0);
}

function pathCondition({ state, search_regex: regex }: WaitArgs, path: string): Condition {
  if (state === 'absent') {
    return {
      say: `${path} to be gone`,
      request: script(sh`[ ! -e ${path} ] && [ ! -L ${path} ]`),
      judge: answer => (outcomeOf(answer).code === 0 ? { done: true } : { again: `${path} is there` }),
    };
  }
  if (regex === undefined) {
    return {
      say: `${path} to be there`,
      request: script(sh`[ -e ${path} ]`),
      judge: answer => (outcomeOf(answer).code === 0 ? { done: true } : { again: `${path} is not there` }),
    };
  }
  return {
    say: `${path} to hold ${regex}`,
    request: script(sh`cat -- ${path} 2>/dev/null`),
    judge: answer =>
      new RegExp(regex, 'm').test(outcomeOf(answer).stdout)
        ? { done: true }
        : { again: `${path} does not hold ${regex}` },
  };
}

function script(text: Sh): Request {
  return { via: 'script', text };
}

function outcomeOf(answer: unknown): { code: number; stdout: string } {
  const { code, stdout } =
    typeof answer === 'object' && answer !== null
      ? { code: 1, stdout: '', ...answer }
      : { code: 1, stdout: '' };
  return { code: Number(code), stdout: String(stdout) };
}

/** With a delay the first look comes after it: nothing that is seen now counts. */
export function observeCondition(args: WaitArgs): Probe<WaitSeen> {
  const condition = conditionOf(args);
  if (condition === undefined || args.delay > 0) return known({ done: false });
  return { requests: [condition.request], read: ([answer]) => judgeAnswer(condition, answer) };
}

/** What could not be had now may be had while waiting. */
function judgeAnswer({ judge }: Condition, answer: Answer | Error | undefined): WaitSeen {
  if (answer === undefined || answer instanceof Error) return { done: false };
  return { done: 'done' in judge(answer.value), answer: answer.value };
}

export function planWait(args: WaitArgs, { done }: WaitSeen): Plan {
  const condition = conditionOf(args);
  if (condition === undefined) {
    const seconds = args.delay + args.timeout;
    return [{ say: `pause for ${seconds} s`, changes: false, action: { kind: 'sleep', seconds } }];
  }
  return done ? [] : [waitStep(args, condition)];
}

function waitStep(args: WaitArgs, { say, request, judge }: Condition): Step {
  const told = (verdict: Verdict): Verdict =>
    'again' in verdict && args.msg !== undefined ? { again: args.msg } : verdict;
  const wait = {
    request,
    judge: (answer: unknown) => told(judge(answer)),
    timeout: args.timeout,
    interval: args.sleep,
    ...(args.delay > 0 ? { delay: args.delay } : {}),
  };
  return {
    say: `wait up to ${args.timeout} s for ${say}`,
    changes: false,
    streams: true,
    action: { kind: 'wait', wait },
  };
}

export function waitResult(args: WaitArgs, seen: WaitSeen, outputs: readonly StepOutput[]): ValueMap {
  const { port, path, search_regex: regex, state, msg } = args;
  const failed = outputs.some(({ code }) => code !== 0);
  const match =
    regex === undefined
      ? null
      : new RegExp(regex, 'm').exec(outcomeOf(outputs.at(-1)?.answer ?? seen.answer).stdout);
  return {
    elapsed: Math.floor(outputs.reduce((total, { duration }) => total + duration, 0)),
    state,
    port: port ?? null,
    path: path ?? null,
    search_regex: regex ?? null,
    match_groups: match ? match.slice(1).map(group => group ?? null) : [],
    match_groupdict: { ...match?.groups },
    ...(failed && msg !== undefined ? { msg } : {}),
  };
}
