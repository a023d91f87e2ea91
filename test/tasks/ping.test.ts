import { expect, test } from 'vitest';
import { ping } from '../../tasks/ping.ts';
import { runModule } from '../support/run-module.ts';

test('ping answers', async () => {
  expect(await runModule(ping, {})).toMatchObject({
    says: [],
    changed: false,
    failed: false,
    result: { ping: 'pong' },
  });
});

test('ping answers what it is given', async () => {
  expect((await runModule(ping, { data: 'ding' })).result.ping).toBe('ding');
});

test('ping crashes when asked to', async () => {
  expect(await runModule(ping, { data: 'crash' })).toMatchObject({
    failed: true,
    result: { msg: 'crashed, as asked for' },
  });
});
