/** HTTP requests by the controller through the host's connection, so that the host needs no client. */
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { HttpAnswer, HttpCall } from '../core/http.ts';
import type { Connection, DialTarget } from '../core/transport.ts';
import type { ValueMap } from '../core/value.ts';
import { AbortError, throwIfAborted } from './channel.ts';

const DEFAULT_TIMEOUT = 30;
const MOST_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

type Dialer = Pick<Connection, 'dial'>;

/** No answer is status -1 with the reason in `message`; rejects only with an AbortError. */
export async function httpRequest(
  connection: Dialer,
  call: HttpCall,
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  throwIfAborted(signal);
  const seconds = call.timeout ?? DEFAULT_TIMEOUT;
  const limit = AbortSignal.timeout(Math.ceil(seconds * 1000));
  const ending = signal ? AbortSignal.any([signal, limit]) : limit;
  try {
    const answered = await follow(connection, call, ending, MOST_REDIRECTS);
    ending.throwIfAborted();
    return answered;
  } catch (error) {
    if (signal?.aborted) throw new AbortError(signal);
    const message = limit.aborted ? `no answer within ${seconds} s` : reason(error);
    return { status: -1, headers: {}, body: '', url: call.url, message };
  }
}

async function follow(
  connection: Dialer,
  call: HttpCall,
  signal: AbortSignal,
  left: number,
): Promise<HttpAnswer> {
  const answer = await request(connection, call, signal);
  const { location } = answer.headers;
  if (typeof location !== 'string' || !REDIRECTS.has(answer.status) || !mayFollow(call)) return answer;
  if (left === 0) throw new Error(`more than ${MOST_REDIRECTS} redirects`);
  return follow(connection, redirected(call, answer.status, new URL(location, call.url)), signal, left - 1);
}

function mayFollow({ followRedirects = 'safe', method }: HttpCall): boolean {
  return followRedirects === 'all' || (followRedirects === 'safe' && /^(GET|HEAD)$/i.test(method));
}

/** As browsers do: after 301 to 303 a POST becomes a GET; credentials do not follow to another origin. */
function redirected(call: HttpCall, status: number, to: URL): HttpCall {
  const keeps = status === 307 || status === 308 || /^(GET|HEAD)$/i.test(call.method);
  const sameOrigin = to.origin === new URL(call.url).origin;
  const { username, password, body, headers = {}, ...rest } = call;
  return {
    ...rest,
    url: to.href,
    method: keeps ? call.method : 'GET',
    headers: sameOrigin ? headers : withoutSecrets(headers),
    ...(keeps && body !== undefined ? { body } : {}),
    ...(sameOrigin && username !== undefined ? { username } : {}),
    ...(sameOrigin && password !== undefined ? { password } : {}),
  };
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !/^(authorization|cookie)$/i.test(name)),
  );
}

async function request(connection: Dialer, call: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
  const url = new URL(call.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Error(`${url.protocol.slice(0, -1)} is no protocol for this; use http or https`);
  const stream = await connection.dial(targetOf(url, call), { signal });
  try {
    return await exchange(
      url.protocol === 'https:' ? encrypted(stream, url, call) : stream,
      url,
      call,
      signal,
    );
  } finally {
    stream.destroy();
  }
}

function targetOf(url: URL, { unixSocket }: HttpCall): DialTarget {
  if (unixSocket !== undefined) return { socket: unixSocket };
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port };
}

function encrypted(socket: Duplex, url: URL, { validateCerts = true }: HttpCall): Duplex {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isAddress = /^[\d.]+$|:/.test(host);
  return tls.connect({
    socket,
    host,
    rejectUnauthorized: validateCerts,
    ...(isAddress ? {} : { servername: host }),
  });
}

function exchange(stream: Duplex, url: URL, call: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
  const { request: send } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    // Without an agent of its own the request takes the connection from here; with one it would open another.
    const outgoing = send(url, {
      method: call.method,
      headers: headersOf(url, call),
      createConnection: () => stream,
      signal,
    });
    stream.once('error', reject);
    outgoing.once('error', reject);
    outgoing.once('response', message => {
      collect(message).then(body => resolve(answer(message, body, call.url)), reject);
    });
    outgoing.end(call.body);
  });
}

function headersOf(url: URL, call: HttpCall): Record<string, string> {
  const user = call.username ?? decodeURIComponent(url.username);
  const password = call.password ?? decodeURIComponent(url.password);
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  return {
    'user-agent': 'girofle',
    ...(call.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(call.body)) }),
    ...(user === '' ? {} : { authorization: `Basic ${basic}` }),
    ...call.headers,
  };
}

async function collect(message: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  if (!message.complete) throw new Error('the answer was cut off');
  return Buffer.concat(chunks).toString();
}

function answer(message: http.IncomingMessage, body: string, url: string): HttpAnswer {
  const headers: ValueMap = {};
  for (const [name, value] of Object.entries(message.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? [...value] : value;
  return { status: message.statusCode ?? -1, headers, body, url, message: message.statusMessage ?? '' };
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
    return `the certificate is not trusted: ${error.message}`;
  return error.message || code;
}
