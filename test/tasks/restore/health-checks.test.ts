import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinSh, sh } from '../../../src/core/sh.ts';
import { docker_image } from '../../../tasks/docker_image.ts';
import { basicsText } from '../../../tasks/host-run/run.ts';
import { type HealthCheckSettings, healthChecksText } from '../../../tasks/restore/health-checks.ts';
import { command } from '../../support/backup-rig.ts';
import { type CheckedImage, checkedImage } from '../../support/checked-image.ts';
import { pruneImages } from '../../support/docker-images.ts';
import { until } from '../../support/processes.ts';
import { runDockerModule } from '../../support/run-docker-module.ts';
import { runShell, type ShellName } from '../../support/shell.ts';

const ROOT = '/tmp/girofle-test-health-960';
const VOLUMES = `${ROOT}/volumes`;
const REPOSITORIES = `${VOLUMES}/data/git-data/repositories`;
const NAME = 'girofle-test-health-960';
const images = new Set<string>();

async function image(tag: string, made: CheckedImage): Promise<string> {
  const name = `girofle-test/health-960:${tag}`;
  images.add(name);
  const { failed, result } = await runDockerModule(docker_image, checkedImage(name, made));
  if (failed) throw new Error(String(result.msg));
  return name;
}

function start(name: string): void {
  spawnSync('docker', ['rm', '-f', NAME]);
  command(
    'docker',
    'run',
    '-d',
    '--name',
    NAME,
    '--network',
    'none',
    '-v',
    `${VOLUMES}/data:/var/opt/gitlab`,
    name,
  );
}

interface Checked {
  readonly ok: boolean;
  readonly unhealthy: string;
  readonly checks: Readonly<Record<string, string>>;
}

async function check(
  more: Partial<HealthCheckSettings> = {},
  { shell = 'sh', path }: { readonly shell?: ShellName; readonly path?: string } = {},
): Promise<Checked> {
  const run = `${ROOT}/run`;
  mkdirSync(run, { recursive: true });
  const text = joinSh([
    sh`LC_ALL=C run=${run} socket=/var/run/docker.sock`,
    basicsText,
    healthChecksText({ docker: 'cli', repositories: 'all', scratch: true, limit: 20, ...more }),
    sh`${path === undefined ? sh`` : sh`PATH=${path}`}
check_instance_health ${NAME} ${VOLUMES}
echo "code $?"
printf '{%s}\n%s\n' "$health" "$unhealthy"`,
  ]);
  const { stdout, stderr } = await runShell(text.text, { shell, limit: 120 });
  expect(stderr).toBe('');
  const [code = '', health = '', unhealthy = ''] = stdout.split('\n');
  return { ok: code === 'code 0', unhealthy, checks: JSON.parse(health).checks };
}

/** A bare repository with one commit. */
function repository(path: string): void {
  const target = `${REPOSITORIES}/${path}`;
  const work = `${ROOT}/work`;
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=kim', '-c', 'user.email=kim@example.org', ...words], { cwd: work });
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  git('init', '-q');
  writeFileSync(`${work}/file`, `content of ${path}\n`);
  git('add', '.');
  git('commit', '-q', '-m', 'one');
  mkdirSync(target, { recursive: true });
  execFileSync('git', ['clone', '-q', '--bare', '--no-hardlinks', work, target]);
}

/** Sound in all that GitLab and PostgreSQL say. */
const FAKES: Readonly<Record<string, string>> = {
  '/opt/gitlab/bin/gitlab-rake': `case "$*" in
  *doctor:secrets) echo 'I, [2026-11-22T08:48:00]  INFO -- : - User failures: 0'; echo 'I, [x]  INFO -- : Done!' ;;
  *) printf '\\033[32mAll migrations up? ... yes\\033[0m\\n' ;;
esac`,
  '/opt/gitlab/embedded/bin/pg_amcheck': 'exit 0',
  '/opt/gitlab/embedded/bin/pg_checksums': "echo 'Checksum operation completed'",
  '/opt/gitlab/bin/gitlab-ctl': 'exit 0',
};

function fakeCluster(): void {
  mkdirSync(`${VOLUMES}/data/postgresql/data`, { recursive: true });
  writeFileSync(`${VOLUMES}/data/postgresql/data/PG_VERSION`, '15\n');
  writeFileSync(`${VOLUMES}/data/postgresql/data/postmaster.pid`, '1\n/x\n0\n5432\n/tmp\n*\n');
}

beforeAll(() => {
  rmSync(ROOT, { recursive: true, force: true });
  mkdirSync(REPOSITORIES, { recursive: true });
});

afterAll(async () => {
  spawnSync('docker', ['rm', '-f', NAME]);
  for (const name of images)
    await runDockerModule(docker_image, { name, state: 'absent', force_absent: true });
  await pruneImages();
  rmSync(ROOT, { recursive: true, force: true });
});

describe("GitLab's and PostgreSQL's own checks, by programs in their names", { timeout: 120_000 }, () => {
  beforeAll(() => {
    fakeCluster();
    repository('@hashed/aa/bb/aabb.git');
  });

  async function withFakes(
    tag: string,
    other: Readonly<Record<string, string>>,
    more: Partial<HealthCheckSettings> = {},
  ) {
    start(await image(tag, { fakes: { ...FAKES, ...other }, programs: ['/usr/bin/git'] }));
    return check(more);
  }

  it('all pass, by docker and by curl, under sh and busybox sh', async () => {
    start(await image('sound', { fakes: FAKES, programs: ['/usr/bin/git'] }));
    const sound: Checked = {
      ok: true,
      unhealthy: '',
      checks: {
        'gitlab:check': 'passed',
        'gitlab:doctor:secrets': 'passed',
        pg_amcheck: 'passed',
        'git fsck': 'passed, 1 of 1 repositories',
        pg_checksums: 'passed',
      },
    };
    expect(await check({ docker: 'cli' })).toEqual(sound);
    expect(await check({ docker: 'curl' })).toEqual(sound);
    expect(await check({ docker: 'cli' }, { shell: 'busybox sh' })).toEqual(sound);
    expect(await check({ docker: 'curl' }, { shell: 'busybox sh' })).toEqual(sound);
  });

  it('a component that does not work is a failure, though gitlab:check ends with 0', async () => {
    const { ok, unhealthy, checks } = await withFakes('component', {
      '/opt/gitlab/bin/gitlab-rake': `case "$*" in *secrets) ;; *) echo 'Gitaly: ... default ... FAIL: connection refused' ;; esac`,
    });
    expect(ok).toBe(false);
    expect(unhealthy).toBe('gitlab:check failed: Gitaly: ... default ... FAIL: connection refused');
    expect(checks['gitlab:doctor:secrets']).toBe('passed');
  });

  it('an advice of gitlab:check is a remark, not a failure', async () => {
    const { ok, checks } = await withFakes('advice', {
      '/opt/gitlab/bin/gitlab-rake': `case "$*" in *secrets) ;; *) echo 'Git user has default SSH configuration? ... no'; echo 'Try fixing it:' ;; esac`,
    });
    expect(ok).toBe(true);
    expect(checks['gitlab:check']).toBe(
      'passed, with advice: Git user has default SSH configuration? ... no',
    );
  });

  it('a secret that cannot be decrypted is a failure, though the doctor ends with 0', async () => {
    const { ok, unhealthy } = await withFakes('secrets', {
      '/opt/gitlab/bin/gitlab-rake': `case "$*" in *secrets) echo 'I, [x]  INFO -- : - Group failures: 1' ;; esac`,
    });
    expect([ok, unhealthy]).toEqual([false, 'gitlab:doctor:secrets failed: Group failures: 1']);
  });

  it('a rake that breaks off is a failure with its last words', async () => {
    const { unhealthy } = await withFakes('broken', {
      '/opt/gitlab/bin/gitlab-rake': `echo 'Zeitwerk "x" \\ y'; echo 'cannot load such file' >&2; exit 1`,
    });
    expect(unhealthy).toBe(
      'gitlab:check failed: Zeitwerk "x" \\ y cannot load such file; gitlab:doctor:secrets failed: Zeitwerk "x" \\ y cannot load such file',
    );
  });

  it('what has no end in its time was not run', async () => {
    const { ok, checks } = await withFakes(
      'endless',
      { '/opt/gitlab/bin/gitlab-rake': 'exec sleep 1000' },
      { limit: 1 },
    );
    expect(ok).toBe(true);
    expect(checks['gitlab:check']).toBe('not run: it had no end after 1 s');
  });

  it('damage that pg_amcheck or pg_checksums find is a failure', async () => {
    const { ok, unhealthy } = await withFakes('damage', {
      '/opt/gitlab/embedded/bin/pg_amcheck': `echo 'heap table "gitlabhq_production.public.users", block 0, offset 4:'; exit 2`,
      '/opt/gitlab/embedded/bin/pg_checksums': `echo 'Bad checksums:  1'; exit 1`,
    });
    expect([ok, unhealthy]).toEqual([
      false,
      'pg_amcheck failed: heap table "gitlabhq_production.public.users", block 0, offset 4:; pg_checksums failed: Bad checksums:  1',
    ]);
  });

  it('a restore neither stops PostgreSQL nor installs anything in it', async () => {
    const { ok, checks } = await withFakes(
      'restore',
      {
        '/opt/gitlab/bin/gitlab-ctl': 'echo stopped >/var/opt/gitlab/stopped',
        '/opt/gitlab/embedded/bin/pg_amcheck': `case "$*" in *install*) exit 3 ;; esac
echo 'warning: skipping database "postgres": amcheck is not installed'; echo 'error: no relations to check'; exit 1`,
      },
      { scratch: false },
    );
    expect(ok).toBe(true);
    expect(checks.pg_amcheck).toBe('not run: error: no relations to check');
    expect(checks.pg_checksums).toBe('not run: it needs a PostgreSQL that is stopped, as in a drill');
    expect(existsSync(`${VOLUMES}/data/stopped`)).toBe(false);
  });

  it('a restore asks gitlab:check whole, a drill leaves out what needs the world outside', async () => {
    const fakes = { '/opt/gitlab/bin/gitlab-rake': 'echo "$* FAIL"' };
    expect((await withFakes('asked', fakes)).checks['gitlab:check']).toBe(
      'failed: gitlab:gitaly:check gitlab:gitlab_shell:check gitlab:sidekiq:check gitlab:app:check SANITIZE=true FAIL',
    );
    expect((await check({ scratch: false })).checks['gitlab:check']).toBe(
      'failed: gitlab:check SANITIZE=true FAIL',
    );
  });

  it('a container that cannot be asked has passed nothing', async () => {
    command('docker', 'rm', '-f', NAME);
    for (const docker of ['cli', 'curl'] as const) {
      const { ok, checks } = await check({ docker }, { path: '/nowhere-960:/usr/bin:/bin:/usr/local/bin' });
      expect(ok).toBe(true);
      expect(checks['gitlab:check']).toMatch(
        /^not run: no command can be run in the container: .*o such container/i,
      );
      expect(checks['git fsck']).toBe('passed, 1 of 1 repositories');
    }
  });
});

describe('git fsck, by a real git', { timeout: 120_000 }, () => {
  const loose = (path: string) => {
    const objects = `${REPOSITORIES}/${path}/objects`;
    const folder = readdirSync(objects).find(name => /^[0-9a-f]{2}$/.test(name)) ?? '';
    return `${objects}/${folder}/${readdirSync(`${objects}/${folder}`)[0]}`;
  };

  beforeAll(async () => {
    rmSync(VOLUMES, { recursive: true, force: true });
    repository('@hashed/aa/bb/sound.git');
    repository('@hashed/cc/dd/other.git');
    execFileSync('chown', ['-R', '998:998', REPOSITORIES]);
    start(await image('git', { programs: ['/usr/bin/git'] }));
  });

  it('sound repositories pass, all or a sample; GitLab and PostgreSQL that are not there were not run', async () => {
    const { ok, checks } = await check();
    expect([ok, checks]).toEqual([
      true,
      {
        'gitlab:check': 'not run: the image has no gitlab-rake',
        'gitlab:doctor:secrets': 'not run: the image has no gitlab-rake',
        pg_amcheck: 'not run: the instance has no PostgreSQL of its own',
        'git fsck': 'passed, 2 of 2 repositories',
        pg_checksums: 'not run: the instance has no PostgreSQL of its own',
      },
    ]);
    expect((await check({ repositories: 1 })).checks['git fsck']).toBe('passed, 1 of 2 repositories');
  });

  it("an old commit's form is no damage", async () => {
    const target = `${REPOSITORIES}/@hashed/cc/dd/other.git`;
    const tree = execFileSync('git', ['-c', 'safe.directory=*', '-C', target, 'rev-parse', 'HEAD^{tree}'], {
      encoding: 'utf8',
    }).trim();
    const commit = `tree ${tree}\nauthor kim 1 +0000\ncommitter kim <k@x> 1 +0000\n\nx\n`;
    const id = execFileSync(
      'git',
      ['-c', 'safe.directory=*', '-C', target, 'hash-object', '--literally', '-t', 'commit', '-w', '--stdin'],
      {
        input: commit,
        encoding: 'utf8',
      },
    ).trim();
    writeFileSync(`${target}/refs/heads/old`, `${id}\n`);
    execFileSync('chown', ['-R', '998:998', REPOSITORIES]);
    expect(spawnSync('git', ['-c', 'safe.directory=*', '-C', target, 'fsck']).status).toBe(1);
    expect((await check()).checks['git fsck']).toBe('passed, 2 of 2 repositories');
  });

  it('a damaged object is found, by the container, by curl, and by the host', async () => {
    const broken = loose('@hashed/aa/bb/sound.git');
    chmodSync(broken, 0o644);
    writeFileSync(broken, 'not what it was');
    const inside = await check();
    expect(inside.ok).toBe(false);
    expect(inside.unhealthy).toMatch(
      /^git fsck failed: 1 of 2 repositories are damaged: @hashed\/aa\/bb\/sound\.git: error: .*(?:corrupt|incorrect header|inflate)/,
    );
    expect((await check({ docker: 'curl' })).unhealthy).toBe(inside.unhealthy);
    start(await image('empty', {}));
    expect((await check()).unhealthy).toMatch(/^git fsck failed: 1 of 2 repositories are damaged: @hashed/);
  });

  it('a missing object and a lost HEAD are found', async () => {
    rmSync(loose('@hashed/aa/bb/sound.git'));
    rmSync(`${REPOSITORIES}/@hashed/cc/dd/other.git/HEAD`);
    expect((await check()).unhealthy).toMatch(/^git fsck failed: 2 of 2 repositories are damaged: /);
  });

  it('where nobody has git it was not run', async () => {
    expect((await check({}, { path: `${withoutGit()}` })).checks['git fsck']).toBe(
      'not run: neither the image nor this host has git',
    );
  });
});

/** A folder with what the host needs, and no git. */
function withoutGit(): string {
  const folder = `${ROOT}/path`;
  mkdirSync(folder, { recursive: true });
  for (const name of ['docker', 'timeout', 'sed', 'grep', 'tail', 'tr', 'cut', 'head', 'rm', 'awk', 'cat']) {
    const real = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    spawnSync('ln', ['-sf', real, `${folder}/${name}`]);
  }
  return folder;
}

describe('pg_amcheck and pg_checksums, by a real PostgreSQL', { timeout: 120_000 }, () => {
  const BIN = '/usr/lib/postgresql/15/bin';
  const DATA = '/var/opt/gitlab/postgresql/data';
  const psql = (words: string) => command('docker', 'exec', '-u', '996:996', NAME, ...words.split(' '));
  const sql = (text: string) =>
    command(
      'docker',
      'exec',
      '-u',
      '996:996',
      NAME,
      `${BIN}/psql`,
      '-qAt',
      '-h',
      '/tmp',
      '-d',
      'postgres',
      '-c',
      text,
    ).trim();
  const server = async () => {
    command(
      'docker',
      'exec',
      '-d',
      '-u',
      '996:996',
      NAME,
      `${BIN}/postgres`,
      '-D',
      DATA,
      '-k',
      '/tmp',
      '-c',
      'listen_addresses=',
    );
    await until(
      'PostgreSQL',
      () =>
        spawnSync('docker', ['exec', '-u', '996:996', NAME, `${BIN}/pg_isready`, '-q', '-h', '/tmp'])
          .status === 0,
      30,
    );
  };

  beforeAll(async () => {
    rmSync(VOLUMES, { recursive: true, force: true });
    mkdirSync(`${VOLUMES}/data/postgresql`, { recursive: true });
    execFileSync('chown', ['996:996', `${VOLUMES}/data/postgresql`]);
    start(
      await image('postgresql', {
        programs: readdirSync(BIN)
          .map(name => `${BIN}/${name}`)
          .concat('/usr/lib/postgresql/15/lib/amcheck.so'),
        files: ['/usr/lib/postgresql/15/lib', '/usr/share/postgresql/15', '/usr/share/zoneinfo/Etc'],
      }),
    );
    psql(`${BIN}/initdb -D ${DATA} -k -N --no-locale -E UTF8`);
    await server();
    sql(
      'CREATE TABLE kept AS SELECT n AS id, repeat(md5(n::text), 10) AS body FROM generate_series(1, 2000) n',
    );
    sql('CREATE INDEX ON kept (id)');
  });

  it('a sound cluster passes both; a restore leaves it running and without the extension', async () => {
    const kept = await check({ scratch: false });
    expect(kept.checks.pg_amcheck).toMatch(
      /^not run: pg_amcheck: error: no relations to check|^not run: .*amcheck is not installed/,
    );
    expect(sql("SELECT count(*) FROM pg_extension WHERE extname = 'amcheck'")).toBe('0');
    const { ok, checks } = await check();
    expect([ok, checks.pg_amcheck, checks.pg_checksums]).toEqual([true, 'passed', 'passed']);
  });

  it('a flipped byte in a table is found by both', async () => {
    await server();
    const file = sql("SELECT pg_relation_filepath('kept')");
    sql('CHECKPOINT');
    psql(`${BIN}/pg_ctl -D ${DATA} -m fast -w stop`);
    execFileSync('dd', [`of=${VOLUMES}/data/postgresql/data/${file}`, 'bs=1', 'seek=12000', 'conv=notrunc'], {
      input: 'zzz',
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await server();
    const { ok, checks } = await check();
    expect(ok).toBe(false);
    expect(checks.pg_amcheck).toMatch(/^failed: .*kept.*invalid page in block 1/);
    expect(checks.pg_checksums).toMatch(/^failed: .*Bad checksums: +1/);
  });

  it('a server that does not run has passed nothing', async () => {
    const { checks } = await check();
    expect(checks.pg_amcheck).toBe('not run: PostgreSQL does not run in the container');
  });
});
