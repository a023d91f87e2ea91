/**
 * Schedules from provisioning to the first backup that nobody asked for: girofle-run in a Debian container of its own, whose
 * crontab others have written in, with this machine's Docker daemon and a real cron daemon.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DebianHost, debianHostLacks, startDebianHost } from '../support/debian-host.ts';
import { until } from '../support/processes.ts';
import { makeFleet, noFleet } from './fleet.ts';

const lacks = debianHostLacks() ?? noFleet;

/** No UTF-8, a percent sign, settings that would break any job below them, and no line feed at the end. */
const FOREIGN = Buffer.from(
  '# caf\xe9\n5 4 * * sun  date +\\%F \t\n# whom to tell\nMAILTO=ops@example.org\nSHELL=/bin/false\nHOME=/nowhere\n1 2 3 4 5 true',
  'latin1',
);
const CRONTAB = '/var/spool/cron/crontabs/root';

describe.skipIf(lacks !== undefined)(`schedules from provisioning ${lacks ? `(needs ${lacks})` : ''}`, () => {
  const fleet = makeFleet('cron', 74);
  const place = mkdtempSync(join(tmpdir(), 'girofle-schedule-'));
  const root = fleet.root.slice(0, fleet.root.lastIndexOf('/'));
  const slug = fleet.root.replaceAll('/', '-').replace(/^-/, '');
  let host: DebianHost;

  beforeAll(async () => {
    const [one, two] = fleet.addresses;
    mkdirSync(join(root, 'textfile'));
    const variables = JSON.parse(fleet.args.at(-1) ?? '{}');
    writeFileSync(
      join(place, 'hosts.yml'),
      JSON.stringify({
        all: {
          hosts: { vm1: { ansible_connection: 'local' } },
          vars: {
            ...variables,
            gitlab_addresses: [
              { address: one, ssh_port: 7401 },
              { address: two, ssh_port: 7401, number: 14 },
            ],
            girofle_stand_in: true,
            gitlab_schedules: 'user',
            gitlab_memory_needed: '32m',
            gitlab_health_interval: '1s',
            gitlab_ready_timeout: 60,
            gitlab_backup: { schedule: '* * * * *' },
            gitlab_hooks: {
              textfile: `${root}/textfile`,
              command: `echo "$GIROFLE_WHAT $GIROFLE_INSTANCE $GIROFLE_EVENT $GIROFLE_MESSAGE" >>${root}/told`,
            },
          },
        },
      }),
    );
    const mounts = [
      ['/var/run/docker.sock', '/var/run/docker.sock'],
      ['/usr/bin/docker', '/usr/bin/docker:ro'],
      [process.execPath, '/usr/local/bin/node:ro'],
      [resolve('.'), '/srv/girofle:ro'],
      [place, '/srv/inventory:ro'],
      [root, root],
    ];
    host = await startDebianHost({
      docker: mounts.flatMap(([from, to]) => ['-v', `${from}:${to}`]),
      prepare: 'apt-get update -qq && apt-get install -y -qq busybox-static rsync attr >/dev/null',
    });
    await host.sh(`echo ${FOREIGN.toString('base64')} | base64 -d >${CRONTAB} && chmod 600 ${CRONTAB}`);
  }, 180_000);

  afterAll(async () => {
    await host?.remove();
    fleet.remove();
    rmSync(place, { recursive: true, force: true });
  });

  const girofle = (playbook: string, more = '') =>
    host.try(
      `cd /srv && node girofle/dist/cli.js girofle/playbooks/${playbook}.yml -i inventory/hosts.yml --output ndjson ${more}`,
    );
  const crontab = async () => Buffer.from(await host.sh(`base64 ${CRONTAB}`), 'base64');
  /** Without the heading that Debian's crontab puts above what it was given. */
  const lines = async () =>
    (await crontab())
      .toString('latin1')
      .split('\n')
      .filter(line => !/^# (?:DO NOT EDIT|\(- installed|\(Cron version)/.test(line));
  const changes = (ndjson: string) => JSON.parse(ndjson.trimEnd().split('\n').at(-1) ?? '{}').changes;

  const told = () => readFileSync(join(root, 'told'), 'utf8').trimEnd().split('\n');
  const metrics = (number: number) =>
    Object.fromEntries(
      [
        ...readFileSync(join(root, 'textfile', `girofle_${number}.prom`), 'utf8').matchAll(
          /^girofle_backup_(\w+)\{.*\} (.*)$/gm,
        ),
      ].map(([, metric, value]) => [metric, Number(value)]),
    );

  const line = (playbook: string, number: number, when: string) => {
    const name = `vm1-${slug}-${number}`;
    return [
      `# BEGIN girofle "${name}" /srv/girofle/playbooks/${playbook}.yml`,
      '# Written by girofle-run; girofle-run schedule remove takes it away.',
      expect.stringMatching(
        new RegExp(
          `^${when.replaceAll('*', '\\*')} cd /srv && .* /var/lib/girofle/locks/${playbook}-${name}-\\w{6}\\.lock /usr/local/bin/node /srv/girofle/dist/cli\\.js run /srv/girofle/playbooks/${playbook}\\.yml -i /srv/inventory/hosts\\.yml -l vm1 -e '\\{"instance":${number}\\}' --output plain `,
        ),
      ),
      `# END girofle "${name}" /srv/girofle/playbooks/${playbook}.yml`,
    ];
  };

  it('are planned without a trace, then installed beside the lines of others, which stay byte for byte', async () => {
    expect((await girofle('provision', '--plan')).code).toBe(0);
    expect((await crontab()).equals(FOREIGN)).toBe(true);
    const { code, stdout, stderr } = await girofle('provision');
    expect([code, stderr], stdout.slice(-2000)).toEqual([0, '']);
    const foreign = FOREIGN.toString('latin1').split('\n');
    expect(await lines()).toEqual([
      ...foreign.slice(0, 2),
      ...line('backup', 1, '* * * * *'),
      ...line('backup', 14, '* * * * *'),
      ...line('drill', 1, '30 3 * * 0'),
      ...line('drill', 14, '36 16 * * 0'),
      ...foreign.slice(2),
      '',
    ]);
  }, 120_000);

  it('stay as they are the second time', async () => {
    const before = await crontab();
    const { code, stdout } = await girofle('provision');
    expect([code, changes(stdout)]).toEqual([0, []]);
    expect((await crontab()).equals(before)).toBe(true);
  }, 60_000);

  it('make cron back up each instance within the next minute', async () => {
    const dates = (number: number) =>
      readdirSync(`${fleet.root}/noeud-gitlab-${number}/bckups`).filter(name => !name.startsWith('.'));
    await host.sh('cron');
    try {
      await until('a backup of each', () => dates(1).length > 0 && dates(14).length > 0, 110);
    } finally {
      await host.sh('kill "$(cat /var/run/crond.pid)"');
    }
    await until('the runs to end', async () => (await host.try('pgrep -f "[c]li.js run"')).code !== 0, 60);
    const logs = await host.sh('cat /var/log/girofle/backup-*.log');
    expect(logs).toMatch(/changed=1/);
    expect(logs).not.toContain('ended with 1');
    const [date = ''] = dates(14);
    const manifest = readFileSync(`${fleet.root}/noeud-gitlab-14/bckups/${date}/manifest.json`, 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({ instance: 14, date });
    expect(metrics(14)).toEqual({
      last_success_timestamp_seconds: expect.any(Number),
      duration_seconds: expect.any(Number),
      pause_seconds: JSON.parse(manifest).pause,
      bytes: JSON.parse(manifest).totals.bytes,
      pruned: 0,
      warnings: 0,
    });
    expect(told()).toEqual(
      expect.arrayContaining(['backup 14 start ', expect.stringMatching(/^backup 14 success instance 14: /)]),
    );
  }, 200_000);

  it('tell of a backup that fails, and keep what the last good one was like', async () => {
    const good = metrics(14);
    const name = fleet.names[0]?.replace(/1$/, '14') ?? '';
    await host.sh(`docker pause ${name} >/dev/null`);
    const { code } = await girofle('backup', '-e instance=14');
    await host.sh(`docker unpause ${name} >/dev/null`);
    const why = `container ${name} is paused, and not by us: let it go on first (docker unpause ${name})`;
    expect([code, told().slice(-2)]).toEqual([
      1,
      ['backup 14 start ', `backup 14 failure instance 14: ${why}`],
    ]);
    expect(metrics(14)).toEqual({ ...good, last_failure_timestamp_seconds: expect.any(Number) });
  }, 60_000);

  it('go with their instance, and with the last one everything but the lines of others', async () => {
    const gone = await girofle('decommission', '-e instance=14 -e confirm=yes');
    expect([gone.code, gone.stderr]).toEqual([0, '']);
    expect((await lines()).filter(one => one.startsWith('# BEGIN'))).toEqual([
      line('backup', 1, '')[0],
      line('drill', 1, '')[0],
    ]);
    expect((await girofle('decommission', '-e instance=1 -e confirm=yes')).code).toBe(0);
    expect((await lines()).join('\n')).toBe(`${FOREIGN.toString('latin1')}\n`);
  }, 60_000);
});
