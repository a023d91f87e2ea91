/** Instances on the Docker daemon of this machine, with the stand-in image of the demo: commissioned, kept, mended, removed. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Value, ValueMap } from '../../src/core/value.ts';
import { dig, digList } from '../../tasks/docker/dig.ts';
import { docker_image } from '../../tasks/docker_image.ts';
import { gitlab_fleet } from '../../tasks/gitlab_fleet.ts';
import { gitlab_instance } from '../../tasks/gitlab_instance.ts';
import { gitlab_instances } from '../../tasks/gitlab_instances.ts';
import { plainImage, pruneImages, standInImage } from '../support/docker-images.ts';
import { callDocker, noDaemon, runDockerModule } from '../support/run-docker-module.ts';
import type { RunOptions } from '../support/run-module.ts';

const ROOT = '/tmp/girofle-test-instances';
const IMAGE = 'girofle-test/stand-in:17.5.2-ce.0';
const PLAIN = 'girofle-test/plain-instance:1';
const [ONE, TWO] = [901, 902];
const container = (number: number) => `girofle-test-gitlab-${number}`;
const directory = (number: number) => `${ROOT}/noeud-gitlab-${number}`;

const base: ValueMap = {
  root: ROOT,
  name: 'girofle-test-gitlab-{number}',
  image: IMAGE,
  memory_needed: '32m',
  health_interval: '200ms',
  ready_timeout: 20,
};
const commission = (number: number, more: ValueMap = {}, options: RunOptions = {}) =>
  runDockerModule(
    gitlab_instance,
    { ...base, number, address: `127.0.11.${number - 900}`, ...more },
    options,
  );
const decommission = (number: number, more: ValueMap = {}) =>
  runDockerModule(gitlab_instance, {
    number,
    state: 'absent',
    root: ROOT,
    name: 'girofle-test-gitlab-{number}',
    ...more,
  });
const inspect = async (number: number): Promise<Value> =>
  (await callDocker({ method: 'GET', path: `/containers/${container(number)}/json` })).body;

async function clean(): Promise<void> {
  for (const name of [container(ONE), container(TWO), `${container(ONE)}.girofle-new`]) {
    await callDocker({
      method: 'DELETE',
      path: `/containers/${name}`,
      query: { force: true },
      answer: 'none',
    });
  }
  rmSync(ROOT, { recursive: true, force: true });
}

beforeAll(async () => {
  await clean();
  for (const image of [standInImage(IMAGE, ROOT), plainImage(PLAIN)]) {
    expect((await runDockerModule(docker_image, image)).result.msg).toBeUndefined();
  }
});
afterEach(clean);
afterAll(async () => {
  for (const name of [IMAGE, PLAIN])
    await runDockerModule(docker_image, { name, state: 'absent', force_absent: true });
  await pruneImages();
});

test('commissioned: directories, container, health; then there is nothing to do', async () => {
  const made = await commission(ONE, { settings: { puma: { worker_processes: 2 } }, http_port: 8080 });
  expect(made.says).toEqual([
    `create ${directory(ONE)}, with mapping-volumes/{data,config,log} and bckups`,
    `create container ${container(ONE)} from ${IMAGE} for 127.0.11.1`,
    `start container ${container(ONE)}`,
    `wait until container ${container(ONE)} is healthy`,
  ]);
  expect(made.result).toEqual({
    number: ONE,
    container: container(ONE),
    directory: directory(ONE),
    address: '127.0.11.1',
    url: 'http://127.0.11.1:8080',
    image: IMAGE,
    ports: { http: 8080, https: 443, ssh: 2222 },
    initial_root_password_file: `${directory(ONE)}/mapping-volumes/config/initial_root_password`,
    changed: true,
    failed: false,
  });
  expect(readdirSync(directory(ONE)).sort()).toEqual(['address', 'bckups', 'mapping-volumes']);
  expect(readFileSync(`${directory(ONE)}/mapping-volumes/config/initial_root_password`, 'utf8')).toMatch(
    /^Password: /,
  );

  const seen = await inspect(ONE);
  expect(digList(seen, 'Config', 'Env')[0]).toBe(
    [
      "GITLAB_OMNIBUS_CONFIG=external_url 'http://127.0.11.1:8080'",
      "gitlab_rails['gitlab_shell_ssh_port'] = 2222",
      "nginx['listen_port'] = 80",
      "puma['worker_processes'] = 2",
    ].join('\n'),
  );
  expect(dig(seen, 'HostConfig', 'PortBindings')).toEqual({
    '22/tcp': [{ HostIp: '127.0.11.1', HostPort: '2222' }],
    '443/tcp': [{ HostIp: '127.0.11.1', HostPort: '443' }],
    '80/tcp': [{ HostIp: '127.0.11.1', HostPort: '8080' }],
  });
  const page = await fetch('http://127.0.11.1:8080/');
  expect(await page.text()).toContain('This is not GitLab');
  for (const path of ['health', 'readiness?all=1', 'liveness']) {
    expect((await fetch(`http://127.0.11.1:8080/-/${path}`)).status).toBe(200);
  }

  const again = await commission(ONE, { settings: { puma: { worker_processes: 2 } }, http_port: 8080 });
  expect([again.says, again.changed]).toEqual([[], false]);
});

test('an environment changed by hand: that instance is made anew over its data, the other stays untouched', async () => {
  await commission(ONE);
  await commission(TWO);
  const [one, two] = [await inspect(ONE), await inspect(TWO)];
  const secrets = readFileSync(`${directory(ONE)}/mapping-volumes/config/gitlab-secrets.json`, 'utf8');

  await callDocker({
    method: 'DELETE',
    path: `/containers/${container(ONE)}`,
    query: { force: true },
    answer: 'none',
  });
  const config = dig(one, 'Config') as ValueMap;
  const body = {
    ...config,
    Env: ['GITLAB_OMNIBUS_CONFIG=by hand', 'PATH=/bin'],
    HostConfig: dig(one, 'HostConfig') ?? null,
  };
  await callDocker({ method: 'POST', path: '/containers/create', query: { name: container(ONE) }, body });

  const mended = await commission(ONE);
  expect(mended.says[0]).toBe(`recreate container ${container(ONE)}: env GITLAB_OMNIBUS_CONFIG changed`);
  expect(mended.result.msg).toBeUndefined();
  expect((await commission(TWO)).says).toEqual([]);
  expect(dig(await inspect(TWO), 'Id')).toBe(dig(two, 'Id'));
  expect(readFileSync(`${directory(ONE)}/mapping-volumes/config/gitlab-secrets.json`, 'utf8')).toBe(secrets);
});

test('killed before any step, the next run commissions it all the same', async () => {
  const { steps } = await commission(ONE, {}, { planOnly: true });
  for (let killed = 0; killed < steps.length; killed++) {
    let done = 0;
    const onAction = () => {
      if (done++ === killed) throw new Error('killed');
    };
    await expect(commission(ONE, {}, { onAction })).rejects.toThrow('killed');
    const next = await commission(ONE);
    expect(next.result.msg).toBeUndefined();
    expect((await commission(ONE)).says).toEqual([]);
    await clean();
  }
});

test('a half-made container is removed', async () => {
  await commission(ONE);
  const left = `${container(ONE)}.girofle-new`;
  await callDocker({
    method: 'POST',
    path: '/containers/create',
    query: { name: left },
    body: { Image: IMAGE },
  });
  expect((await commission(ONE)).says).toEqual([
    `remove container ${left}, left by a run that was cut short`,
  ]);
  expect((await callDocker({ method: 'GET', path: `/containers/${left}/json` })).status).toBe(404);
});

test('one that never gets healthy fails when its time is over, with its last words', async () => {
  const script = 'echo reconfigure failed; sleep 100';
  await runDockerModule(
    docker_image,
    plainImage(PLAIN, [`CMD ["sh", "-c", "${script}"]`, 'HEALTHCHECK CMD echo 502; exit 1']),
  );
  const failed = await commission(ONE, { image: PLAIN, ready_timeout: 2, stop_timeout: 1 });
  expect(failed.result.msg).toMatch(/its health is (starting|unhealthy): 502\nreconfigure failed\n$/);
});

test("somebody else's container of that name is not touched", async () => {
  await callDocker({
    method: 'POST',
    path: '/containers/create',
    query: { name: container(ONE) },
    body: { Image: PLAIN },
  });
  const refused = await commission(ONE);
  expect(refused.refusal).toEqual({
    refusal: `container ${container(ONE)} is there, and is not instance ${ONE}: it has no label io.girofle.instance=${ONE}`,
    hint: 'remove or rename it, or give another name',
  });
});

test('the fleet: numbers kept, problems refused, a table of what is there', async () => {
  await commission(TWO);
  const fleet = (addresses: Value[]) =>
    runDockerModule(gitlab_fleet, {
      root: ROOT,
      image: IMAGE,
      memory_needed: '32m',
      name: 'girofle-test-gitlab-{number}',
      addresses,
    });

  const good = await fleet([{ address: '127.0.11.9', number: 905 }, '127.0.11.2']);
  expect(digList(good.result, 'instances').map(one => [dig(one, 'address'), dig(one, 'number')])).toEqual([
    ['127.0.11.9', 905],
    ['127.0.11.2', TWO],
  ]);
  const bad = await fleet([{ address: '127.0.11.9', number: TWO }, '203.0.113.7']);
  expect(bad.refusal?.refusal).toMatch(
    /^the fleet cannot be as declared:\n- this host does not have the address 203\.0\.113\.7 \(it has .*\)\n- number 902, for 127\.0\.11\.9, is in use: container girofle-test-gitlab-902 serves 127\.0\.11\.2$/,
  );

  const { result } = await runDockerModule(gitlab_instances, { root: ROOT });
  const own = digList(result, 'instances').filter(one => dig(one, 'number') === TWO);
  expect(own).toMatchObject([
    {
      name: container(TWO),
      address: '127.0.11.2',
      url: 'http://127.0.11.2',
      health: 'healthy',
      image: IMAGE,
      directory: directory(TWO),
    },
  ]);
  expect(String(result.table)).toMatch(
    /^902 +girofle-test-gitlab-902 +http:\/\/127\.0\.11\.2 +healthy +girofle-test\/stand-in:17\.5\.2-ce\.0 +\d+ KiB +\d+ seconds?$/m,
  );
});

test('without a daemon, a run fails with a sentence', async () => {
  await expect(commission(ONE, {}, { docker: noDaemon })).rejects.toThrow(
    'connect ENOENT /var/run/docker.sock',
  );
});

test('decommissioned: the container goes, the directories stay until they are to go, backups longer still', async () => {
  await commission(ONE);
  expect((await decommission(ONE)).says).toEqual([
    `stop container ${container(ONE)}`,
    `remove container ${container(ONE)}`,
  ]);
  expect((await decommission(ONE)).says).toEqual([]);
  expect(existsSync(`${directory(ONE)}/mapping-volumes/config/gitlab-secrets.json`)).toBe(true);

  expect((await decommission(ONE, { delete_data: true })).says).toEqual([
    `delete the data in ${directory(ONE)}`,
  ]);
  expect(existsSync(directory(ONE))).toBe(false);
  expect((await decommission(ONE, { delete_data: true })).says).toEqual([]);
});
