/** Who is told of a backup: a real HTTP listener, a command on the host, a file for Prometheus. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ValueMap } from '../../src/core/value.ts';
import { girofle, workspace } from './girofle.ts';

const ADDRESS = '127.0.77.1';

describe('playbooks/tasks/hooks.yml', () => {
  let server: Server;
  let base = '';
  let asked: string[] = [];
  let place: ReturnType<typeof workspace>;
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.statusCode = request.url?.includes('broken') ? 500 : 200;
      response.end('OK');
    });
    await new Promise<void>(done => server.listen(0, ADDRESS, done));
    const address = server.address();
    base = `http://${ADDRESS}:${typeof address === 'object' ? address?.port : ''}`;
    place = workspace({
      'play.yml': `
- hosts: localhost
  gather_facts: false
  tasks:
    - include_tasks: ${resolve('playbooks/tasks/hooks.yml')}
      vars:
        hook: "{{ told }}"
    - debug: { msg: the backup goes on }
`,
    });
    mkdirSync(join(place.path, 'textfile'));
  });
  beforeEach(() => {
    asked = [];
  });
  afterAll(async () => {
    place.remove();
    await new Promise(done => server.close(done));
  });

  const run = (hooks: ValueMap | undefined, told: ValueMap, ...more: readonly string[]) =>
    girofle([
      join(place.path, 'play.yml'),
      ...['-i', 'localhost,', '--output', 'plain', '-e', 'ansible_connection=local'],
      ...['-e', JSON.stringify({ ...(hooks ? { gitlab_hooks: hooks } : {}), told })],
      ...more,
    ]);
  const RESULT = {
    date: '2026-11-22T08-48-00Z',
    bytes: 2048,
    pause: 1.5,
    duration: 61.4,
    warnings: ['it is half the size of the last one', 'two'],
    summary: 'all well',
    retention: [
      { date: 'a', stays: true },
      { date: 'b', stays: false },
    ],
  };
  const told = (event: string, result: ValueMap = {}) => ({ what: 'backup', event, instance: 7, result });

  it('without gitlab_hooks tells nobody', async () => {
    const { code, stdout } = await run(undefined, told('success', RESULT));
    expect([code, stdout.includes('the backup goes on'), asked]).toEqual([0, true, []]);
  });

  it('asks the URL of the event, which may name the instance', async () => {
    const hooks = { start: `${base}/start`, success: `${base}/done-{{ hook.instance }}` };
    for (const event of ['start', 'success', 'failure']) expect((await run(hooks, told(event))).code).toBe(0);
    expect(asked).toEqual(['GET /start', 'GET /done-7']);
  });

  it('asks nobody with --plan, and runs and writes nothing', async () => {
    const hooks = {
      success: `${base}/x`,
      command: `touch ${place.path}/ran`,
      textfile: `${place.path}/textfile`,
    };
    const { code } = await run(hooks, told('success', RESULT), '--plan', '--detailed-exitcode');
    expect([code, asked, existsSync(`${place.path}/ran`), readdirSync(`${place.path}/textfile`)]).toEqual([
      0,
      [],
      false,
      [],
    ]);
  });

  it('runs a command with what it has to know', async () => {
    const out = join(place.path, 'env');
    const { code } = await run(
      { command: `env | grep -a ^GIROFLE_ | sort >${out}` },
      told('success', RESULT),
    );
    expect(code).toBe(0);
    expect(readFileSync(out, 'utf8')).toBe(`GIROFLE_BYTES=2048
GIROFLE_DATE=2026-11-22T08-48-00Z
GIROFLE_DURATION=61.4
GIROFLE_EVENT=success
GIROFLE_HOST=localhost
GIROFLE_INSTANCE=7
GIROFLE_MESSAGE=all well
GIROFLE_PAUSE=1.5
GIROFLE_WARNINGS=it is half the size of the last one
GIROFLE_WHAT=backup
`);
  });

  it('warns of hooks that fail, and lets the backup go on', async () => {
    const hooks = {
      failure: `${base}/broken`,
      command: 'echo no >&2; exit 3',
      textfile: `${place.path}/none`,
    };
    const { code, stdout } = await run(hooks, told('failure', { msg: 'disk full' }));
    expect([code, stdout.includes('the backup goes on')]).toEqual([0, true]);
    expect(stdout.match(/warning: .*/g)).toEqual([
      `warning: the failure of the backup of instance 7 could not be told: Status code was 500 and not [200, 201, 202, 204]: HTTP Error 500: Internal Server Error`,
      'warning: the command of gitlab_hooks failed at the failure of the backup of instance 7: no',
      `warning: ${place.path}/none is not there`,
    ]);
  });

  it('nobody listens: a warning', async () => {
    const { code, stdout } = await run({ start: `http://${ADDRESS}:1/` }, told('start'));
    expect(code).toBe(0);
    expect(stdout).toContain('warning: the start of the backup of instance 7 could not be told: ');
  });

  it('keeps what the last good backup was like when one fails, and what the other kind of run wrote', async () => {
    const textfile = join(place.path, 'textfile');
    rmSync(join(textfile, 'girofle_7.prom'), { force: true });
    const file = () => readFileSync(join(textfile, 'girofle_7.prom'), 'utf8');
    const values = () =>
      Object.fromEntries(
        [...file().matchAll(/^girofle_(\w+)\{gitlab_instance="7"\} (.*)$/gm)].map(([, name, value]) => [
          name,
          Number(value),
        ]),
      );
    const now = () => Math.floor(Date.now() / 1000);
    const began = now();
    expect((await run({ textfile }, told('start'))).code).toBe(0);
    expect(readdirSync(textfile)).toEqual([]);
    await run({ textfile }, told('success', RESULT));
    const good = values();
    expect(good).toEqual({
      backup_last_success_timestamp_seconds: expect.any(Number),
      backup_duration_seconds: 61.4,
      backup_pause_seconds: 1.5,
      backup_bytes: 2048,
      backup_pruned: 1,
      backup_warnings: 2,
    });
    expect(good.backup_last_success_timestamp_seconds).toBeGreaterThanOrEqual(began);
    await run({ textfile }, told('failure', { msg: 'disk full' }));
    await run({ textfile }, { what: 'drill', event: 'success', instance: 7, result: { duration: 9 } });
    expect(values()).toEqual({
      ...good,
      backup_last_failure_timestamp_seconds: expect.any(Number),
      backup_verified_timestamp_seconds: expect.any(Number),
      drill_last_success_timestamp_seconds: expect.any(Number),
      drill_duration_seconds: 9,
    });
    expect(file()).toMatch(
      /^# HELP girofle_backup_last_success_timestamp_seconds When a backup last succeeded\n# TYPE girofle_backup_last_success_timestamp_seconds gauge\ngirofle_backup_last_success_timestamp_seconds\{gitlab_instance="7"\} \d{10}\n/,
    );
    expect(readdirSync(textfile)).toEqual(['girofle_7.prom']);
    expect((statSync(join(textfile, 'girofle_7.prom')).mode & 0o777).toString(8)).toBe('644');
    writeFileSync(join(textfile, 'girofle_7.prom'), 'what is this\n');
    await run({ textfile }, told('failure'));
    expect(Object.keys(values())).toEqual(['backup_last_failure_timestamp_seconds']);
  });
});
