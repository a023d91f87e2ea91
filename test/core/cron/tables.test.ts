/** Crontabs read and written on a host that has nothing but busybox: its own crontab command, no flock of util-linux. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CHANGED_MEANWHILE,
  cronSurveyScript,
  readCronSurvey,
  replaceScript,
} from '../../../src/core/cron/tables.ts';
import type { Sh } from '../../../src/core/sh.ts';
import { type BusyboxHost, noBusyboxHost, startBusyboxHost } from '../../support/busybox-host.ts';

const FOREIGN = Buffer.from('# caf\xe9\n1 2 3 4 5 date +\\%F', 'latin1');

describe.skipIf(noBusyboxHost !== undefined)(`on a host of busybox alone ${noBusyboxHost ?? ''}`, () => {
  let host: BusyboxHost;
  beforeAll(async () => {
    host = await startBusyboxHost();
    mkdirSync(join(host.root, 'var/spool/cron/crontabs'), { recursive: true });
  });
  afterAll(() => host?.stop());

  const run = async (text: Sh) => {
    const [outcome] = await host.connection.exchange([{ text }]);
    if (!outcome) throw new Error('no outcome');
    return outcome;
  };
  const survey = async () => readCronSurvey((await run(cronSurveyScript)).stdout);
  const inside = (path: string) => join(host.root, path);

  test('without a crontab and without /etc/cron.d', async () => {
    expect(await survey()).toEqual({
      user: 'root',
      where: { state: '/var/lib/girofle', logs: '/var/log/girofle' },
      flock: false,
      tables: {
        user: { name: 'user', title: 'the crontab of root', content: Buffer.of(), readable: true },
        system: {
          name: 'system',
          title: '/etc/cron.d/girofle',
          content: Buffer.of(),
          readable: true,
          problem: 'there is no /etc/cron.d',
          hint: 'install cron (apt-get install cron)',
        },
      },
    });
  });

  test('a crontab is read as bytes, replaced, kept a copy of, and left alone when it changed', async () => {
    const crontab = inside('var/spool/cron/crontabs/root');
    writeFileSync(crontab, FOREIGN);
    const seen = await survey();
    expect(Buffer.from(seen.tables.user.content).equals(FOREIGN)).toBe(true);
    const after = Buffer.concat([FOREIGN, Buffer.from('\n5 5 5 5 5 x\n')]);
    expect(await run(replaceScript(seen, seen.tables.user, after))).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(crontab).equals(after)).toBe(true);
    const copies = readdirSync(inside('var/lib/girofle/crontabs'));
    expect(copies).toEqual([expect.stringMatching(/^crontab-root-\d{4}-\d\d-\d\dT[-\d]+Z-\d+$/)]);
    expect(readFileSync(inside(`var/lib/girofle/crontabs/${copies[0]}`)).equals(FOREIGN)).toBe(true);

    expect(await run(replaceScript(seen, seen.tables.user, FOREIGN))).toMatchObject({
      code: CHANGED_MEANWHILE,
      stderr: 'the crontab of root was changed by somebody else at this moment; nothing was touched\n',
    });
    expect(readFileSync(crontab).equals(after)).toBe(true);

    const again = await survey();
    expect((await run(replaceScript(again, again.tables.user, Buffer.of()))).code).toBe(0);
    expect((await survey()).tables.user.content).toEqual(Buffer.of());
  });

  test('our file in /etc/cron.d appears whole, and goes with its last line', async () => {
    mkdirSync(inside('etc/cron.d'));
    const file = inside('etc/cron.d/girofle');
    const put = async (content: Uint8Array) => {
      const seen = await survey();
      return run(replaceScript(seen, seen.tables.system, content));
    };
    expect(await put(Buffer.from('5 5 5 5 5 root x\n'))).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(file, 'utf8')).toBe('5 5 5 5 5 root x\n');
    expect((statSync(file).mode & 0o7777).toString(8)).toBe('644');
    expect(await put(Buffer.of())).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(inside('etc/cron.d'))).toEqual([]);
  });
});
