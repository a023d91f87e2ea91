import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http, { type IncomingMessage, type RequestListener } from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localConnection } from '../../src/connection/connect.ts';
import { httpRequest } from '../../src/connection/http.ts';
import type { HttpCall } from '../../src/core/http.ts';
import { freePort } from '../support/sshd.ts';

const connection = localConnection({ name: 'here' });
let folder: string;
let base: string;
let secure: string;
const servers: http.Server[] = [];

const answer: RequestListener = async (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://x');
  const location: Readonly<Record<string, string>> = {
    '/moved': '/echo',
    '/see': '/echo',
    '/loop': '/loop',
    '/away': `${secure}/echo`,
  };
  if (pathname === '/slow') return;
  if (location[pathname])
    response.writeHead(pathname === '/see' ? 303 : 302, { location: location[pathname] }).end('moved');
  else
    response
      .writeHead(200, { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] })
      .end(await echo(request));
};

async function echo(request: IncomingMessage): Promise<string> {
  const body = Buffer.concat(await request.toArray()).toString();
  return [request.method, request.headers.authorization ?? '-', request.headers['x-mine'] ?? '-', body].join(
    ' ',
  );
}

async function listen(
  server: http.Server,
  at: { path: string } | { host: string; port: number },
): Promise<void> {
  servers.push(server);
  await new Promise<void>(resolve => server.listen(at, resolve));
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'girofle-http-'));
  const [key, cert] = [path.join(folder, 'key'), path.join(folder, 'cert')];
  const words = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=localhost',
    '-days',
    '1',
  ];
  execFileSync('openssl', [...words, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const [plainPort, securePort] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  base = `http://127.0.0.1:${plainPort}`;
  secure = `https://localhost:${securePort}`;
  await listen(http.createServer(answer), { host: '127.0.0.1', port: plainPort });
  await listen(https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, answer), {
    host: '127.0.0.1',
    port: securePort,
  });
  await listen(http.createServer(answer), { path: path.join(folder, 'sock') });
});
afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  rmSync(folder, { recursive: true });
});

function ask(call: Partial<HttpCall> & { url: string }) {
  return httpRequest(connection, { method: 'GET', ...call });
}

describe('an HTTP request through a connection', () => {
  it('answers with status, headers in lower case and body', async () => {
    const got = await ask({ url: `${base}/echo`, method: 'POST', body: 'é', headers: { 'X-Mine': 'yes' } });
    expect(got).toMatchObject({ status: 200, body: 'POST - yes é', url: `${base}/echo`, message: 'OK' });
    expect(got.headers).toMatchObject({ 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] });
  });

  it.each([
    ['follows redirects of a GET', { url: '/moved' }, { status: 200, body: 'GET - - ', url: '/echo' }],
    ['follows none when told so', { url: '/moved', followRedirects: 'none' }, { status: 302, body: 'moved' }],
    ['does not follow for a POST', { url: '/moved', method: 'POST', body: 'x' }, { status: 302 }],
    [
      'follows all when told so, with GET',
      { url: '/see', method: 'POST', body: 'x', followRedirects: 'all' },
      { status: 200, body: 'GET - - ' },
    ],
    ['ends a loop', { url: '/loop' }, { status: -1, message: 'more than 10 redirects' }],
    [
      'logs in',
      { url: '/echo', username: 'me', password: 'pä:ss' },
      { body: `GET Basic ${Buffer.from('me:pä:ss').toString('base64')} - ` },
    ],
    [
      'keeps credentials from another origin',
      { url: '/away', username: 'me', password: 'x', validateCerts: false },
      { status: 200, body: 'GET - - ' },
    ],
    [
      'gives up in time',
      { url: '/slow', timeout: 0.2004 },
      { status: -1, message: 'no answer within 0.2004 s' },
    ],
  ] as const)('%s', async (_, call, expected) => {
    const url = 'url' in expected ? { url: `${base}${expected.url}` } : {};
    expect(await ask({ ...call, url: `${base}${call.url}` })).toMatchObject({ ...expected, ...url });
  });

  it('checks certificates unless told not to', async () => {
    expect(await ask({ url: `${secure}/echo` })).toMatchObject({
      status: -1,
      message: 'the certificate is not trusted: self-signed certificate',
    });
    expect(await ask({ url: `${secure}/echo`, validateCerts: false })).toMatchObject({ status: 200 });
  });

  it('speaks to a Unix socket', async () => {
    expect(await ask({ url: 'http://docker/echo', unixSocket: path.join(folder, 'sock') })).toMatchObject({
      status: 200,
      body: 'GET - - ',
    });
  });

  it('says that nothing listens', async () => {
    const port = await freePort('127.0.0.1');
    expect(await ask({ url: `http://127.0.0.1:${port}/` })).toMatchObject({
      status: -1,
      message: `connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  it('says that a protocol is none', async () => {
    expect(await ask({ url: 'ftp://x/' })).toMatchObject({
      status: -1,
      message: 'ftp is no protocol for this; use http or https',
    });
  });

  it('stops when it is told to', async () => {
    await expect(
      httpRequest(connection, { url: `${base}/slow`, method: 'GET' }, AbortSignal.timeout(100)),
    ).rejects.toMatchObject({ name: 'AbortError' });
  });
});
