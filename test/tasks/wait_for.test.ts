import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { countConnections } from '../../tasks/wait/tcp-table.ts';
import { wait_for } from '../../tasks/wait_for.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';
import { runModule } from '../support/run-module.ts';

let here: string;
let servers: Server[];

beforeEach(async () => {
  here = await mkdtemp(join(tmpdir(), 'girofle-wait-'));
  servers = [];
});

afterEach(async () => {
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  await rm(here, { recursive: true });
});

/** A server on loopback, and its port. */
async function listen(greeting = '', port = 0): Promise<number> {
  const server = createServer(socket => {
    socket.on('error', () => {});
    if (greeting) socket.write(greeting);
  });
  servers.push(server);
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('wait_for', () => {
  test('has nothing to wait for when the port is open', async () => {
    const port = await listen();
    expect(await runModule(wait_for, { port })).toMatchObject({
      says: [],
      changed: false,
      result: { port, state: 'started', elapsed: 0 },
    });
  });

  test('waits until a port opens', async () => {
    const port = await listen();
    servers.pop()?.close();
    const waiting = runModule(
      wait_for,
      { port, timeout: 10, sleep: 0, msg: 'not yet' },
      { onAction: async () => void (await listen('', port)) },
    );
    expect(await waiting).toMatchObject({
      says: [`wait up to 10 s for port ${port} of 127.0.0.1 to open`],
      changed: false,
      failed: false,
    });
  });

  test('gives up with the words it was given', async () => {
    const port = await listen();
    const done = await runModule(wait_for, { port, state: 'stopped', timeout: 0, msg: 'still serving' });
    expect(done).toMatchObject({ failed: true, changed: false, result: { msg: 'still serving' } });
  });

  test('reads what a port says', async () => {
    const port = await listen('220 mail ready\r\n');
    const { result, says } = await runModule(wait_for, { port, search_regex: '^(?<code>2\\d\\d) (\\w+)' });
    expect([says, result.match_groups, result.match_groupdict]).toEqual([
      [],
      ['220', 'mail'],
      { code: '220' },
    ]);
  });

  test('finds a text in a file', async () => {
    await writeFile(join(here, 'log'), 'starting\nready in 12 s\n');
    const { result, says } = await runModule(wait_for, {
      path: join(here, 'log'),
      search_regex: '^ready in (\\d+)',
    });
    expect([says, result.match_groups]).toEqual([[], ['12']]);
  });

  test('waits until a file is there', async () => {
    const path = join(here, 'pid');
    const done = await runModule(
      wait_for,
      { path, sleep: 0, timeout: 10 },
      { onAction: () => writeFile(path, '') },
    );
    expect(done).toMatchObject({
      says: [`wait up to 10 s for ${path} to be there`],
      failed: false,
      result: { path },
    });
  });

  test('has nothing to wait for when a file is gone', async () => {
    expect((await runModule(wait_for, { path: join(here, 'gone'), state: 'absent' })).says).toEqual([]);
  });

  test('looks only after the delay', async () => {
    const planned = await runModule(wait_for, { path: here, delay: 3 }, { planOnly: true });
    expect(planned.steps).toMatchObject([{ action: { wait: { delay: 3, timeout: 300, interval: 1 } } }]);
  });

  test('pauses when there is nothing to wait for', async () => {
    const planned = await runModule(wait_for, { timeout: 5, delay: 2 }, { planOnly: true });
    expect(planned.steps).toEqual([
      { say: 'pause for 7 s', changes: false, action: { kind: 'sleep', seconds: 7 } },
    ]);
  });

  test('waits until connections end', async () => {
    const port = await listen();
    const client = connect(port, '127.0.0.1');
    await new Promise(resolve => client.once('connect', resolve));
    const args = { port, state: 'drained', timeout: 10, sleep: 0, active_connection_states: ['ESTABLISHED'] };
    const end = () => new Promise<void>(resolve => client.destroy().once('close', () => resolve()));
    const done = await runModule(wait_for, args, { onAction: end });
    expect(done).toMatchObject({
      says: [`wait up to 10 s for connections to port ${port} of 127.0.0.1 to end`],
      failed: false,
    });
  });

  test.each([
    [{ port: 1, path: '/x' }, 'port and path exclude one another'],
    [{ path: '/x', state: 'drained' }, 'state: drained is for ports; for a file take absent'],
    [{ port: 1, exclude_hosts: ['a'] }, 'exclude_hosts goes with state: drained'],
    [{ path: '/x', search_regex: '(' }, 'search_regex "(" is no regular expression'],
    [
      { port: 1, active_connection_states: ['LISTEN'] },
      '"LISTEN" is no TCP state; there are ESTABLISHED, FIN_WAIT1, FIN_WAIT2, SYN_RECV, SYN_SENT, TIME_WAIT',
    ],
  ])('refuses %j', (given, expected) => {
    expect(() => withDefaults(wait_for, given)).toThrow(new ArgumentError([expected]));
  });
});

describe('connections', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 20 4 30 10 -1
   1: 0200000A:1F90 0500000A:C350 06 00000000:00000000 00:00000000 00000000     0        0 1 1 0 20 4 30 10 -1
   2: 0000000000000000FFFF00000200000A:1F90 0000000000000000FFFF00000600000A:C350 01 00000000:00000000 00:00000000 00000000 0 0 1
   3: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 20 4 30 10 -1
`;
  const drain = { port: 8080, addresses: ['10.0.0.2'], excluded: [], states: ['ESTABLISHED', 'TIME_WAIT'] };

  test.each([
    ['those of an address, as IPv6 too', drain, 2],
    ['those of every address', { ...drain, addresses: ['0.0.0.0'] }, 3],
    ['those in a certain state', { ...drain, states: ['TIME_WAIT'] }, 1],
    ['not those of others', { ...drain, excluded: ['10.0.0.6', '10.0.0.5'] }, 0],
    ['not those of another port', { ...drain, port: 80 }, 0],
  ])('%s', (_, asked, number) => {
    expect(countConnections(table, asked)).toBe(number);
  });
});
