/** The request that the uri module makes: looking is a probe, everything else a step. */
import type { HttpAnswer, HttpCall } from '../../src/core/http.ts';
import { all, controllerFile, known, type Probe, probeHttp, probeOutcome } from '../../src/core/probe.ts';
import { sh } from '../../src/core/sh.ts';
import type { StepOutput } from '../../src/core/step.ts';
import { type Plan, refuse } from '../../src/core/task-module.ts';
import type { Value, ValueMap } from '../../src/core/value.ts';
import { type BodyFormat, encodeBody } from './body.ts';
import { answerIn, describeAnswer, whyNot } from './uri-result.ts';

export interface UriArgs {
  readonly url: string;
  readonly method: string;
  readonly status_code: readonly number[];
  readonly return_content: boolean;
  readonly body?: unknown;
  readonly body_format: BodyFormat;
  readonly src?: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly http_agent: string;
  readonly url_username?: string;
  readonly url_password?: string;
  readonly follow_redirects: 'safe' | 'all' | 'none' | 'yes' | 'no' | 'urllib2';
  readonly creates?: string;
  readonly removes?: string;
  readonly timeout: number;
  readonly unix_socket?: string;
  readonly validate_certs: boolean;
  readonly force: boolean;
}

export interface UriSeen {
  /** Of a request that only looks. */
  readonly answer?: HttpAnswer;
  /** Content of `src`. */
  readonly source?: string | 'unsendable';
  readonly createsExists: boolean;
  readonly removesExists: boolean;
}

/** GET and HEAD only look, but for a body, and for conditions that must be looked at first. */
function onlyLooks({ method, body, src, creates, removes }: UriArgs): boolean {
  const plain = [body, src, creates, removes].every(given => given === undefined);
  return plain && /^(GET|HEAD)$/i.test(method);
}

export function observeUri(args: UriArgs): Probe<UriSeen> {
  const call = callOf(args, undefined);
  return all({
    createsExists: exists(args.creates),
    removesExists: exists(args.removes),
    ...(args.src === undefined ? {} : { source: sourceOf(args.src) }),
    ...(onlyLooks(args) && typeof call !== 'string' ? { answer: probeHttp(call) } : {}),
  });
}

function exists(path: string | undefined): Probe<boolean> {
  return path === undefined ? known(false) : probeOutcome(sh`[ -e ${path} ]`, ({ code }) => code === 0);
}

function sourceOf(path: string): Probe<string> {
  const file = controllerFile(path);
  return { requests: file.requests, read: answers => textOf(file.read(answers).content) };
}

/** Bodies are text: other bytes, and files too large to be held, cannot be sent. */
function textOf(content: Uint8Array | { readonly file: string }): string {
  if (!(content instanceof Uint8Array)) return 'unsendable';
  const text = Buffer.from(content).toString('utf8');
  return Buffer.from(text, 'utf8').equals(content) ? text : 'unsendable';
}

/** The request, or a sentence about why there can be none. */
function callOf(args: UriArgs, source: string | undefined): HttpCall | string {
  const body = source === undefined ? encodeBody(args.body_format, bodyOf(args)) : { text: source };
  if (typeof body === 'string') return body;
  const own = Object.fromEntries(
    Object.entries(args.headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  return {
    url: args.url,
    method: args.method.toUpperCase(),
    headers: {
      'user-agent': args.http_agent,
      ...(args.force ? { 'cache-control': 'no-cache' } : {}),
      ...(body?.type === undefined ? {} : { 'content-type': body.type }),
      ...own,
    },
    ...(body === undefined ? {} : { body: body.text }),
    ...(args.url_username === undefined
      ? {}
      : { username: args.url_username, password: args.url_password ?? '' }),
    validateCerts: args.validate_certs,
    followRedirects: REDIRECTS[args.follow_redirects],
    timeout: args.timeout,
    ...(args.unix_socket === undefined ? {} : { unixSocket: args.unix_socket }),
  };
}

const REDIRECTS = { safe: 'safe', all: 'all', yes: 'all', urllib2: 'all', none: 'none', no: 'none' } as const;

/** A body is sent only if there is one; with GET, `body_format: json` alone sends none. */
function bodyOf({ body }: UriArgs): Value | undefined {
  const plain: Value | undefined = body === undefined ? undefined : JSON.parse(JSON.stringify(body));
  return plain;
}

export function planUri(args: UriArgs, seen: UriSeen): Plan {
  if (isSkipped(args, seen)) return [];
  if (seen.source === 'unsendable') return refuse(`${args.src} is too large, or no text: it cannot be sent`);
  const call = callOf(args, seen.source);
  if (typeof call === 'string') return refuse(call);
  if (seen.answer === undefined)
    return [{ say: `${call.method} ${args.url}`, changes: false, action: { kind: 'http', call } }];
  const problem = whyNot(args, seen.answer);
  return problem === undefined ? [] : refuse(problem, { result: describeAnswer(args, seen.answer, 0) });
}

function isSkipped({ creates, removes }: UriArgs, { createsExists, removesExists }: UriSeen): boolean {
  return (creates !== undefined && createsExists) || (removes !== undefined && !removesExists);
}

export function uriResult(args: UriArgs, seen: UriSeen, outputs: readonly StepOutput[]): ValueMap {
  if (isSkipped(args, seen)) {
    const why =
      args.creates !== undefined && seen.createsExists
        ? `'${args.creates}' exists`
        : `'${args.removes}' does not exist`;
    return { stdout: `skipped, since ${why}` };
  }
  const [output] = outputs;
  const answer = seen.answer ?? answerIn(output?.answer);
  return answer === undefined ? {} : describeAnswer(args, answer, output?.duration ?? 0);
}
