/** playbooks/backup.yml over SSH, whose runner is killed: what runs on the host ends by itself, or is cleared up by the next. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { journalOf } from '../../../tasks/host-run/run.ts';
import { start, workspace } from '../../e2e/girofle.ts';
import { alive, BackupRig, nextSucceeds, wrap } from '../../support/backup-rig.ts';
import { until } from '../../support/processes.ts';
import { noSshd, type Sshd, startSshd } from '../../support/sshd.ts';

const GATE = `gate() {
  if [ "$1" != "$(cat "$HERE/hold" 2>/dev/null)" ]; then return; fi
  : >"$HERE/reached"
  while [ -e "$HERE/hold" ]; do sleep 0.05; done
}`;

describe.skipIf(noSshd !== undefined)(`kill -9 of the runner ${noSshd ? `(${noSshd})` : ''}`, () => {
  const rig = new BackupRig(976);
  const gates = `${rig.root}.gates`;
  let sshd: Sshd;
  let place: ReturnType<typeof workspace>;

  beforeAll(async () => {
    await rig.clean();
    await rig.makeImage();
    mkdirSync(gates, { recursive: true });
    const { PATH } = wrap(gates, {
      rsync: `${GATE}
case "$*" in *--info=progress2*) gate hot ;; *--delete*) gate paused ;; esac
exec "$REAL" "$@"`,
      sha256sum: `${GATE}
case "$*" in *-z*) gate hashing ;; esac
exec "$REAL" "$@"`,
      // What is killed here is killed before the rename, not in it.
      mv: `${GATE}
sleep() { env sleep "$1"; [ "$(ps -o ppid= -p $$)" -eq $PPID ] || exit 1; }
case "$*" in *'/bckups/2'*) gate rename ;; esac
exec "$REAL" "$@"`,
    });
    sshd = await startSshd({ config: [`SetEnv HOME=${gates} PATH=${PATH}`] });
    const vm = {
      ansible_host: sshd.address,
      ansible_port: sshd.port,
      ansible_user: 'root',
      ansible_ssh_private_key_file: sshd.keyFile,
      ansible_ssh_common_args: `-o UserKnownHostsFile=${sshd.knownHosts} -F /dev/null`,
      girofle_root: rig.root,
    };
    place = workspace({ 'hosts.yml': JSON.stringify({ all: { hosts: { vm } } }) });
  });
  beforeEach(() => rig.reset());
  afterEach(() => rmSync(`${gates}/hold`, { force: true }));
  afterAll(async () => {
    await sshd?.stop();
    place?.remove();
    await rig.clean();
    await rig.removeImage();
    rmSync(gates, { recursive: true, force: true });
  });

  /** The driver and the guard of the only run. */
  function onHost() {
    const [id = ''] = readdirSync(`${rig.directory}/.girofle/runs`);
    const pid = Number(readFileSync(`${rig.directory}/.girofle/runs/${id}/pid`, 'utf8').split(' ')[0]);
    const states = () => readFileSync(journalOf(rig.directory, id), 'utf8');
    return { id, pid, states };
  }

  /** A run from the command line that is killed at this point of the host's work. */
  async function runnerKilledAt(point: string) {
    rmSync(`${gates}/reached`, { force: true });
    writeFileSync(`${gates}/hold`, point);
    const runner = start(['playbooks/backup.yml', '-i', `${place.path}/hosts.yml`]);
    await until(`the host to come to ${point}`, () => existsSync(`${gates}/reached`), 40);
    runner.process.kill('SIGKILL');
    const { code } = await runner.ended;
    expect(code).toBeNull();
    return onHost();
  }

  const POINTS = ['hot', 'paused', 'hashing', 'rename'];

  test.each(POINTS)(
    'alone, at the point %s: the host goes on by itself, and the backup is there',
    async point => {
      const { pid, states } = await runnerKilledAt(point);
      expect([alive(pid), rig.dates(), rig.status()]).toEqual([
        true,
        [],
        point === 'paused' ? 'paused' : 'running',
      ]);
      rmSync(`${gates}/hold`);
      await until('the driver to end', () => !alive(pid), 30);
      expect(states()).toContain('"state":"reported"');
      const [date = ''] = rig.dates();
      expect([rig.status(), rig.partials(), rig.entries(date).size]).toEqual([
        'running',
        [],
        rig.manifest(date).files.lines,
      ]);
    },
  );

  test.each(POINTS)(
    'and of the driver, at the point %s: no date, the instance runs; the next succeeds',
    async point => {
      const { pid } = await runnerKilledAt(point);
      process.kill(pid, 'SIGKILL');
      await until('the instance to run', () => rig.status() === 'running', 1);
      expect([rig.dates(), rig.partials().length]).toEqual([[], 1]);
      rmSync(`${gates}/hold`);
      await nextSucceeds(rig);
      expect(rig.dates()).toHaveLength(1);
    },
  );

  test('and of the driver and the guard, while paused: it stays paused until the next run from the command line', async () => {
    const { id, pid } = await runnerKilledAt('paused');
    const guard = Number(
      readdirSync('/proc').find(
        one =>
          /^\d+$/.test(one) &&
          existsSync(`/proc/${one}/cmdline`) &&
          readFileSync(`/proc/${one}/cmdline`, 'utf8').includes(`${id}/driver.sh\0guard`),
      ),
    );
    process.kill(guard, 'SIGKILL');
    process.kill(pid, 'SIGKILL');
    await until('both to be dead', () => !alive(guard) && !alive(pid));
    expect(rig.status()).toBe('paused');
    rmSync(`${gates}/hold`);
    const { code, stderr } = await start(['playbooks/backup.yml', '-i', `${place.path}/hosts.yml`]).ended;
    expect([code, stderr.includes('failed=1')]).toEqual([0, false]);
    expect([rig.status(), rig.dates().length, rig.partials()]).toEqual(['running', 1, []]);
  });
});
