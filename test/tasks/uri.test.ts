import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { httpRequest } from '../../src/connection/http.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { encodeBody } from '../../tasks/uri/body.ts';
import { uri } from '../../tasks/uri.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';
import { type RunOptions, runModule } from '../support/run-module.ts';

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let server: Server;
let here: string;
let base: string;
let received: Received[];

const PAGES: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/json': response =>
    response.setHeader('Content-Type', 'application/json; charset=utf-8').end('{"ready": [1, 2]}'),
  '/text': response =>
    response.setHeader('Set-Cookie', ['a=1; Path=/', 'b=2']).setHeader('X-Two-Words', 'yes').end('hello'),
  '/away': response => response.writeHead(302, { Location: '/text' }).end(),
  '/made': response => response.writeHead(201).end('made'),
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  received.push({
    method: request.method,
    url: request.url,
    headers: request.headers,
    body: Buffer.concat(chunks).toString(),
  });
  const page = PAGES[request.url ?? ''];
  if (page) page(response);
  else response.writeHead(404, 'Not Found').end('nothing here');
}

beforeAll(async () => {
  here = await mkdtemp(join(tmpdir(), 'girofle-uri-'));
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
  await rm(here, { recursive: true });
});

beforeEach(() => {
  received = [];
});

const direct: RunOptions = {
  http: call =>
    httpRequest(
      {
        dial: target =>
          new Promise((resolve, reject) => {
            const socket = 'socket' in target ? connect(target.socket) : connect(target.port, target.host);
            socket.once('connect', () => resolve(socket)).once('error', reject);
          }),
      },
      call,
    ),
};

const ask = (path: string, more: ValueMap = {}, options: RunOptions = {}) =>
  runModule(uri, { url: `${base}${path}`, ...more }, { ...direct, ...options });

describe('uri', () => {
  test('only looks with GET: there is no step, and headers are in the result', async () => {
    const { says, changed, result } = await ask('/text', { return_content: true, headers: { 'X-Mine': 1 } });
    expect([says, changed]).toEqual([[], false]);
    expect(result).toMatchObject({
      status: 200,
      url: `${base}/text`,
      redirected: false,
      content: 'hello',
      x_two_words: 'yes',
      cookies: { a: '1', b: '2' },
      cookies_string: 'a=1; b=2',
    });
    expect(received).toMatchObject([
      { method: 'GET', headers: { 'user-agent': 'ansible-httpget', 'x-mine': '1' } },
    ]);
  });

  test('reads JSON by its type', async () => {
    const { result } = await ask('/json');
    expect([result.json, result.content]).toEqual([{ ready: [1, 2] }, undefined]);
  });

  test('says where it was led to', async () => {
    expect((await ask('/away')).result).toMatchObject({ status: 200, redirected: true, url: `${base}/text` });
  });

  test('stays when told to', async () => {
    const { failed, result } = await ask('/away', { follow_redirects: 'none', status_code: [302] });
    expect([failed, result.location]).toEqual([false, '/text']);
  });

  test('fails by status, with what came', async () => {
    const { failed, result } = await ask('/nothing', { return_content: true });
    expect([failed, result.status, result.msg, result.content]).toEqual([
      true,
      404,
      'Status code was 404 and not [200]: HTTP Error 404: Not Found',
      'nothing here',
    ]);
  });

  test('fails without an answer, with status -1', async () => {
    const { failed, result } = await runModule(uri, { url: 'http://127.0.0.1:1/' }, direct);
    expect([failed, result.status, result.msg]).toEqual([
      true,
      -1,
      'Status code was -1 and not [200]: Request failed: connect ECONNREFUSED 127.0.0.1:1',
    ]);
  });

  test('sends data as JSON, in a step that changes nothing', async () => {
    const { says, changed, failed } = await ask('/made', {
      method: 'POST',
      body_format: 'json',
      body: { a: [1] },
      status_code: 201,
    });
    expect([says, changed, failed]).toEqual([[`POST ${base}/made`], false, false]);
    expect(received).toMatchObject([
      { method: 'POST', body: '{"a":[1]}', headers: { 'content-type': 'application/json' } },
    ]);
  });

  test('fails by status after a step', async () => {
    const { failed, result } = await ask('/made', { method: 'PUT', body: 'x' });
    expect([failed, result.msg]).toEqual([true, 'Status code was 201 and not [200]: OK (unknown bytes)']);
  });

  test('does not ask while planning a step', async () => {
    await ask('/made', { method: 'DELETE' }, { planOnly: true });
    expect(received).toEqual([]);
  });

  test('sends a file of the controller', async () => {
    await writeFile(join(here, 'config'), 'a = 1\n');
    await ask(
      '/made',
      { method: 'POST', src: 'config', status_code: [201], headers: { 'Content-Type': 'text/x-ini' } },
      { folder: here },
    );
    expect(received).toMatchObject([{ body: 'a = 1\n', headers: { 'content-type': 'text/x-ini' } }]);
  });

  test('sends credentials', async () => {
    await ask('/text', { user: 'me', password: 'secret' });
    expect(received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:secret').toString('base64')}`);
  });

  test('asks nothing when a file says so', async () => {
    const { says, result } = await ask('/made', { method: 'POST', creates: here });
    expect([says, result.stdout, received]).toEqual([[], `skipped, since '${here}' exists`, []]);
    expect((await ask('/text', { removes: join(here, 'nothing') })).result.stdout).toBe(
      `skipped, since '${here}/nothing' does not exist`,
    );
  });

  test.each([
    [{ body: 'x', src: 'y' }, 'body and src exclude one another'],
    [{ url: 'ftp://example.org/' }, '"ftp://example.org/" is no http:// or https:// address'],
    [
      { dest: '/tmp/x' },
      'dest is not supported: what was received is not written to files here; fetch files with get_url',
    ],
    [{ client_cert: '/x.pem' }, 'client_cert is not supported: client certificates are not sent'],
    [{ use_gssapi: true }, 'use_gssapi is not supported: there is no Kerberos here'],
    [
      { unredirected_headers: ['Authorization'] },
      'unredirected_headers is not supported with redirects: set follow_redirects: none',
    ],
  ])('refuses %j', (given, expected) => {
    expect(() => withDefaults(uri, { url: 'http://example.org/', ...given })).toThrow(
      new ArgumentError([expected]),
    );
  });
});

describe('a body', () => {
  test.each([
    ['raw', 'text', { text: 'text' }],
    ['json', '{"as": "written"}', { text: '{"as": "written"}', type: 'application/json' }],
    [
      'form-urlencoded',
      { a: 'b c', d: [1, 2] },
      { text: 'a=b+c&d=1&d=2', type: 'application/x-www-form-urlencoded' },
    ],
    [
      'form-urlencoded',
      [
        ['a', 'ü'],
        ['a', '&'],
      ],
      { text: 'a=%C3%BC&a=%26', type: 'application/x-www-form-urlencoded' },
    ],
    [
      'form-urlencoded',
      5,
      'with body_format: form-urlencoded, body must be a string, a map or a list of pairs',
    ],
    ['form-multipart', 'x', 'with body_format: form-multipart, body must be a map'],
    [
      'form-multipart',
      { f: { filename: '/etc/x' } },
      'the field f of the form needs content: files are not read for it',
    ],
    ['json', undefined, undefined],
  ] as const)('%s %j', (format, body, expected) => {
    expect(encodeBody(format, body === undefined ? undefined : JSON.parse(JSON.stringify(body)))).toEqual(
      expected,
    );
  });

  test('of several parts is readable by others', async () => {
    const body = encodeBody('form-multipart', {
      plain: 'text',
      file: { content: '<b>', filename: 'a/b.html', mime_type: 'text/html' },
    });
    if (typeof body !== 'object') throw new Error('no body');
    const form = await new Response(body.text, { headers: { 'content-type': body.type ?? '' } }).formData();
    const file = form.get('file');
    if (!(file instanceof File)) throw new Error('no file');
    expect([form.get('plain'), file.name, file.type, await file.text()]).toEqual([
      'text',
      'b.html',
      'text/html',
      '<b>',
    ]);
  });
});
