/** What the uri module registers of an answer: the shape is Ansible's. */
import type { HttpAnswer } from '../../src/core/http.ts';
import { isMap, type Value, type ValueMap } from '../../src/core/value.ts';

export interface AnswerArgs {
  readonly url: string;
  readonly status_code: readonly number[];
  readonly return_content: boolean;
}

/** Undefined when the status is one of those asked for. */
export function whyNot({ status_code: wanted }: AnswerArgs, answer: HttpAnswer): string | undefined {
  if (wanted.includes(answer.status)) return undefined;
  return `Status code was ${answer.status} and not [${wanted.join(', ')}]: ${describe(answer)}`;
}

function describe({ status, message, headers }: HttpAnswer): string {
  if (status < 0) return `Request failed: ${message}`;
  if (status >= 400) return `HTTP Error ${status}: ${message}`;
  const length = headers['content-length'];
  return `OK (${typeof length === 'string' ? length : 'unknown'} bytes)`;
}

export function describeAnswer(args: AnswerArgs, answer: HttpAnswer, elapsed: number): ValueMap {
  const { status, headers, body, url } = answer;
  const problem = whyNot(args, answer);
  const json = isJson(headers) ? parse(body) : undefined;
  return {
    ...flatten(headers),
    ...cookiesOf(headers),
    status,
    url,
    redirected: url !== args.url,
    elapsed: Math.floor(elapsed),
    msg: problem ?? describe(answer),
    ...(args.return_content ? { content: body } : {}),
    ...(json === undefined ? {} : { json }),
    ...(problem === undefined ? {} : { failed: true }),
  };
}

/** Names with underscores, for expressions: `result.content_type`. */
function flatten(headers: ValueMap): ValueMap {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase().replaceAll('-', '_'),
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
}

function isJson(headers: ValueMap): boolean {
  const type = String(headers['content-type'] ?? '').split(';')[0] ?? '';
  return /^[^/]+\/(?:[^/]*\+)?(?:json|javascript)$/i.test(type.trim());
}

function parse(body: string): Value | undefined {
  try {
    const value: Value = JSON.parse(body);
    return value;
  } catch {
    return undefined;
  }
}

function cookiesOf(headers: ValueMap): ValueMap {
  const set = headers['set-cookie'];
  const lines = Array.isArray(set) ? set.map(String) : typeof set === 'string' ? [set] : [];
  const pairs = lines.flatMap(line => {
    const [, name, value = ''] = /^\s*([^=;\s]+)=([^;]*)/.exec(line) ?? [];
    return name === undefined ? [] : [[name, value.trim()] as const];
  });
  return {
    cookies: Object.fromEntries(pairs),
    cookies_string: pairs.map(([name, value]) => `${name}=${value}`).join('; '),
  };
}

/** The answer in a step's output, which is held as plain data there. */
export function answerIn(output: unknown): HttpAnswer | undefined {
  if (!isMap(output)) return undefined;
  const { status, headers, body, url, message } = output;
  if (typeof status !== 'number' || typeof body !== 'string' || typeof url !== 'string' || !isMap(headers))
    return undefined;
  return { status, headers, body, url, message: typeof message === 'string' ? message : '' };
}
