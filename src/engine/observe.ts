/** Answers the requests of many probes in one exchange: shell kinds joined, Docker reads beside it. */

import type { HttpAnswer, HttpCall } from '../core/http.ts';
import {
  type Answer,
  type ControllerRequest,
  isControllerRequest,
  ProbeError,
  type Request,
  requestKey,
  type ShellKind,
} from '../core/probe.ts';
import {
  type Become,
  type Connection,
  ConnectionError,
  type Outcome,
  type Script,
} from '../core/transport.ts';
import type { Machine } from './machine.ts';

/** A request to be answered by the host (not by the controller), and as whom. */
export interface Wanted {
  readonly request: HostRequest;
  readonly as: Become | undefined;
  readonly key: string;
}

export type HostRequest = Exclude<Request, ControllerRequest>;

type Entry = readonly [string, Answer | Error];

/** Makes the HTTP request through a connection; the connection room's, handed in. */
export type HttpRequest = (
  connection: Connection,
  call: HttpCall,
  signal: AbortSignal,
) => Promise<HttpAnswer>;

export function isHostRequest(request: Request): request is HostRequest {
  return !isControllerRequest(request);
}

export function want(request: HostRequest, as: Become | undefined): Wanted {
  return { request, as, key: `${as?.user ?? ''} ${requestKey(request)}` };
}

/** Requests that may be asked ahead of their task: quick, and without effect on third parties. */
export function mayBeAskedAhead({ request }: Wanted): boolean {
  return request.via === 'shell' || request.via === 'script' || request.via === 'docker';
}

/**
 * Sees to it that `needed` is answered, and `ahead` as far as it costs no further wait.
 * Rejects with a ConnectionError when the host, or the needed user on it, cannot be reached.
 */
export async function observe(
  machine: Machine,
  needed: readonly Wanted[],
  ahead: readonly Wanted[],
  http: HttpRequest,
  signal: AbortSignal,
): Promise<void> {
  const missing = unseen(machine, needed);
  if (missing.length === 0) return;
  const asked = unseen(machine, [...missing, ...ahead]);
  const connection = await machine.connection();
  const { generation } = machine;
  machine.exchanges++;
  const entries = await ask(machine, connection, asked, new Set(missing.map(({ key }) => key)), http, signal);
  machine.remember(entries, generation);
}

export function unseen(machine: Machine, wanted: readonly Wanted[]): readonly Wanted[] {
  const byKey = new Map(wanted.map(one => [one.key, one]));
  return [...byKey.values()].filter(({ key }) => !machine.seen.has(key));
}

async function ask(
  machine: Machine,
  connection: Connection,
  asked: readonly Wanted[],
  needed: ReadonlySet<string>,
  http: HttpRequest,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  const users = groupBy(asked.filter(isShell), ({ as }) => as?.user ?? '');
  const shells = [...users.values()].map(group => askShell(machine, connection, group, needed, signal));
  const others = asked
    .filter(one => !isShell(one))
    .map(one => askOther(connection, one, needed, http, signal));
  return (await Promise.all([...shells, ...others])).flat();
}

export function isShell({ request }: Wanted): boolean {
  return request.via === 'shell' || request.via === 'script';
}

async function askShell(
  machine: Machine,
  connection: Connection,
  group: readonly Wanted[],
  needed: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  const batch = compileBatch(group, machine.apart);
  const as = group[0]?.as;
  try {
    return batch.entries(await connection.exchange(batch.scripts, { signal, ...(as ? { as } : {}) }));
  } catch (error) {
    const speculative = !group.some(({ key }) => needed.has(key));
    if (speculative && error instanceof ConnectionError) return [];
    throw error;
  }
}

async function askOther(
  connection: Connection,
  wanted: Wanted,
  needed: ReadonlySet<string>,
  http: HttpRequest,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  try {
    return [[wanted.key, await answerOther(connection, wanted, http, signal)]];
  } catch (error) {
    if (!needed.has(wanted.key) && error instanceof ConnectionError) return [];
    throw error;
  }
}

async function answerOther(
  connection: Connection,
  { request, as }: Wanted,
  http: HttpRequest,
  signal: AbortSignal,
): Promise<Answer> {
  switch (request.via) {
    case 'docker':
      return {
        via: 'docker',
        value: await connection.docker(request.call, { signal, ...(as ? { as } : {}) }),
      };
    case 'http':
      return { via: 'http', value: await http(connection, request.call, signal) };
    case 'reach':
      return { via: 'reach', value: await canReach(connection, request, signal) };
    case 'shell':
    case 'script':
      throw new Error('shell requests travel in a batch');
  }
}

async function canReach(
  connection: Connection,
  { target, timeout }: Extract<Request, { via: 'reach' }>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const stream = await connection.dial(target, { signal, timeout });
    stream.destroy();
    return true;
  } catch (error) {
    if (error instanceof ConnectionError || signal.aborted) throw error;
    return false;
  }
}

/** Asks one request anew, whatever was seen (for waits). */
export async function askOnce(
  machine: Machine,
  wanted: Wanted,
  http: HttpRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const connection = await machine.connection();
  machine.exchanges++;
  const [entry] = await ask(machine, connection, [wanted], new Set([wanted.key]), http, signal);
  const answer = entry?.[1];
  if (answer === undefined) throw new Error('a request was not answered');
  if (answer instanceof Error) throw answer;
  return answer;
}

/** Scripts for shell requests of one user, and what makes answers of their outcomes. */
export interface Batch {
  readonly scripts: readonly Script[];
  readonly entries: (outcomes: readonly Outcome[]) => readonly Entry[];
}

export function compileBatch(group: readonly Wanted[], apart: Set<string>): Batch {
  const kinds = [...groupBy(group, one => kindOf(one, apart)).values()];
  const parts = kinds.flatMap(inPieces).map(part => compilePart(part, apart));
  return {
    scripts: parts.map(part => part.script),
    entries: outcomes => {
      if (outcomes.length !== parts.length)
        throw new Error(`${parts.length} scripts, ${outcomes.length} outcomes`);
      return parts.flatMap((part, i) => part.entries(outcomes[i] ?? unanswered));
    },
  };
}

/** Look-ups joined in one script: beyond, a shell spends more on a long list of words than another one costs. */
const MOST_JOINED = 100;

function inPieces(group: readonly Wanted[]): readonly (readonly Wanted[])[] {
  const pieces = Math.ceil(group.length / MOST_JOINED);
  return Array.from({ length: pieces }, (_, i) => group.slice(i * MOST_JOINED, (i + 1) * MOST_JOINED));
}

const unanswered: Outcome = { code: -1, stdout: '', stderr: 'no answer' };

function kindOf({ request, key }: Wanted, apart: ReadonlySet<string>): string {
  return request.via === 'shell' && !apart.has(request.kind.name) ? `kind ${request.kind.name}` : key;
}

interface Part {
  readonly script: Script;
  readonly entries: (outcome: Outcome) => readonly Entry[];
}

function compilePart(group: readonly Wanted[], apart: Set<string>): Part {
  const [first] = group;
  if (first?.request.via === 'shell') return joined(first.request.kind, group, apart);
  if (first?.request.via !== 'script') throw new Error('only shell requests travel in a batch');
  const { text, limit } = first.request;
  return {
    script: { text, ...(limit === undefined ? {} : { limit }) },
    entries: outcome => [[first.key, { via: 'script', value: outcome }]],
  };
}

const RECORD_END = '\x1e';

/** When the answers of several cannot be told apart, none counts: they are asked again, one by one. */
function joined(kind: ShellKind, group: readonly Wanted[], apart: Set<string>): Part {
  const queries = group.flatMap(({ request }) => (request.via === 'shell' ? [request.query] : []));
  return {
    script: { text: kind.script(queries) },
    entries: ({ stdout, stderr, code }) => {
      const records = stdout.split(RECORD_END);
      if (records.length === group.length + 1) {
        return group.map(({ key }, i) => [key, { via: 'shell', value: records[i] ?? '' }] as const);
      }
      if (group.length > 1) {
        apart.add(kind.name);
        return [];
      }
      const trouble = new ProbeError(
        `looking at ${kind.name} failed (exit code ${code}): ${stderr.trim() || 'no message'}`,
      );
      return group.map(({ key }) => [key, trouble] as const);
    },
  };
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
