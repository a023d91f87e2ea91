/** An instance moves from one virtual machine to another by one command, from a remote of each driver, and back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { debianHostLacks } from '../support/debian-host.ts';
import { startTwoVms, type TwoVms } from '../support/two-vms.ts';
import { treeOf, type Vm } from '../support/vm.ts';
import { noFleet } from './fleet.ts';
import { events, recap, taskEnds } from './girofle.ts';

const lacks = debianHostLacks() ?? noFleet;
const VOLUMES = '/girofle/noeud-gitlab-1/mapping-volumes';

/** Names, kinds, attributes and holes that a copy may lose. */
const WEIRD = `set -e
mkdir -p ${VOLUMES}/data/weird/setgid && cd ${VOLUMES}/data/weird
printf 'x\\n' >"$(printf 'not \\377 UTF-8')"
printf 'y\\n' >"$(printf 'two\\nlines')"
ln -s /etc/shadow outside
ln -s nowhere dangling
mkfifo pipe
mknod device c 1 3
printf 'linked\\n' >one && ln one two
truncate -s 5M sparse && printf end >>sparse
chown 998:996 one && chmod 4750 one
chmod 2770 setgid && chown 996:993 setgid
setfattr -n user.girofle -v pepper setgid
touch -d '2001-02-03 04:05:06.123456789' setgid
mkdir -p ../git-data/repositories/a.git && touch ../git-data/repositories/a.git/HEAD.lock`;

describe.skipIf(lacks !== undefined)(`moves between two VMs ${lacks ? `(needs ${lacks})` : ''}`, () => {
  let rig: TwoVms;
  let moved = '';
  beforeAll(async () => {
    rig = await startTwoVms(75);
  }, 600_000);
  afterAll(() => rig?.remove());

  const run = async (playbook: string, ...more: readonly string[]) => {
    const done = await events([`playbooks/${playbook}.yml`, '-i', rig.inventory, ...more]);
    const failed = taskEnds(done.events).filter(({ status }) => status === 'failed');
    expect([done.code, failed.map(({ task, message }) => [task, message]), done.stderr]).toEqual([0, [], '']);
    return recap(done.events);
  };
  const weird = (vm: Vm) => treeOf(vm, `${VOLUMES}/data/weird`);
  const healthy = async (vm: Vm) =>
    expect(await vm.sh('curl -s http://127.0.10.1/-/health')).toBe("GitLab OK (girofle's stand-in)\n");
  const running = async (vm: Vm) =>
    (await vm.sh("docker ps --format '{{.Names}}'")).split('\n').filter(name => name !== '');
  const move = (to: string, from: string, remote: string) =>
    run(
      'restore',
      ...['-e', `target_host=${to}`, '-e', `source_host=${from}`, '-e', 'instance=1'],
      ...['-e', `from=${remote}`, '-e', 'replace=yes'],
    );

  it('begins with an instance on the first, backed up to every remote, and taken out of service', async () => {
    await run('provision', '-l', 'vm1');
    await run('remotes');
    await rig.vm1.sh(WEIRD);
    moved = await weird(rig.vm1);
    await run('backup', '-l', 'vm1');
    await run('decommission', '-l', 'vm1', '-e', 'instance=1', '-e', 'confirm=yes');
    expect(await running(rig.vm1)).toEqual([]);
  }, 300_000);

  it.each(['nas', 'site', 'sftp', 's3'])(
    'goes to the second from %s',
    async remote => {
      await rig.vm2.sh(`mkdir -p ${VOLUMES}/data && touch ${VOLUMES}/data/to-vanish`);
      await move('vm2', 'vm1', remote);
      await healthy(rig.vm2);
      expect(await weird(rig.vm2)).toBe(moved);
      const left = await rig.vm2.sh(`find ${VOLUMES} -name to-vanish -o -name HEAD.lock`);
      expect(left).toBe('');
    },
    180_000,
  );

  it('is changed there, backed up to every remote, and taken out of service', async () => {
    await rig.vm2.sh(`cd ${VOLUMES}/data/weird && rm two && echo new >new && chmod 600 one`);
    moved = await weird(rig.vm2);
    await run('backup', '-l', 'vm2');
    await run('decommission', '-l', 'vm2', '-e', 'instance=1', '-e', 'confirm=yes');
  }, 300_000);

  it.each(['nas', 'site', 'sftp', 's3'])(
    'comes back to the first from %s',
    async remote => {
      await rig.vm1.sh(`mkdir -p ${VOLUMES}/data && touch ${VOLUMES}/data/to-vanish`);
      await move('vm1', 'vm2', remote);
      await healthy(rig.vm1);
      expect(await weird(rig.vm1)).toBe(moved);
      expect(await rig.vm1.sh(`find ${VOLUMES} -name to-vanish`)).toBe('');
    },
    180_000,
  );
});
