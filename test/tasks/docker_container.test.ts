/** Containers on the Docker daemon of this machine: made, kept, changed, replaced, removed. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { DockerAnswer } from '../../src/core/docker.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { dig } from '../../tasks/docker/dig.ts';
import { docker_container } from '../../tasks/docker_container.ts';
import { docker_image } from '../../tasks/docker_image.ts';
import { plainImage, pruneImages } from '../support/docker-images.ts';
import { callDocker, noDaemon, runDockerModule } from '../support/run-docker-module.ts';

const IMAGE = 'girofle-test/plain:1';
const NAME = 'girofle-test-container';

const inspect = (name = NAME): Promise<DockerAnswer> =>
  callDocker({ method: 'GET', path: `/containers/${name}/json` });
const run = (args: ValueMap) =>
  runDockerModule(docker_container, { name: NAME, image: IMAGE, stop_signal: 'SIGKILL', ...args });
const gone = (args: ValueMap = {}) =>
  runDockerModule(docker_container, { name: NAME, state: 'absent', force_kill: true, ...args });

async function remove(): Promise<void> {
  for (const name of [NAME, `${NAME}.girofle-new`]) {
    await callDocker({
      method: 'DELETE',
      path: `/containers/${name}`,
      query: { force: true, v: true },
      answer: 'none',
    });
  }
}

beforeAll(async () => {
  await remove();
  const made = await runDockerModule(docker_image, plainImage(IMAGE));
  expect(made.result.msg).toBeUndefined();
});
afterEach(remove);
afterAll(async () => {
  for (const tag of ['1', '2']) {
    await runDockerModule(docker_image, {
      name: `girofle-test/plain:${tag}`,
      state: 'absent',
      force_absent: true,
    });
  }
  await pruneImages();
});

describe('docker_container', () => {
  const everything: ValueMap = {
    command: 'sleep 500',
    env: { A: '1', NUMBER: 2, YES: true },
    labels: { 'girofle.test': 'yes' },
    published_ports: ['127.0.10.91:8091:80'],
    volumes: ['/tmp:/host:ro'],
    tmpfs: ['/run:size=1m'],
    memory: '64m',
    shm_size: '32m',
    cpus: 0.5,
    pids_limit: 100,
    restart_policy: 'on-failure',
    restart_retries: 2,
    hostname: 'inside',
    user: '0:0',
    working_dir: '/tmp',
    healthcheck: { test: ['CMD', 'cat', '/bin/sh'], interval: '1s', retries: 2 },
    ulimits: ['nofile:100:200'],
    sysctls: { 'net.ipv4.ip_forward': 1 },
    capabilities: ['NET_ADMIN'],
    cap_drop: ['MKNOD'],
    dns_servers: ['192.0.2.1'],
    etc_hosts: { other: '192.0.2.2' },
    log_driver: 'json-file',
    log_options: { 'max-size': '1m', 'max-file': 2 },
    init: true,
    state: 'healthy',
  };

  test('whatever is declared is made, and then there is nothing to do', async () => {
    const made = await run(everything);
    expect(made.says).toEqual([
      `create container ${NAME} from ${IMAGE}`,
      `start container ${NAME}`,
      `wait until container ${NAME} is healthy`,
    ]);
    expect(made.result.msg).toBeUndefined();
    expect((await run(everything)).says).toEqual([]);
  });

  test('limits and restart policy change while it runs on', async () => {
    await run(everything);
    const { body: before } = await inspect();
    const changed = await run({
      ...everything,
      memory: '128m',
      restart_policy: 'always',
      restart_retries: 0,
    });
    expect(changed.says).toEqual([`update container ${NAME}: restart_policy changed, memory changed`]);
    const { body: after } = await inspect();
    expect(dig(after, 'HostConfig', 'Memory')).toBe(134217728);
    expect(dig(after, 'Id')).toBe(dig(before, 'Id'));
    expect(
      (await run({ ...everything, memory: '128m', restart_policy: 'always', restart_retries: 0 })).says,
    ).toEqual([]);
  });

  test('any other difference makes a new one, and the plan names it without showing secrets', async () => {
    await run({ env: { A: '1', DB_PASSWORD: 'first' } });
    const changed = await run({ env: { A: '2', DB_PASSWORD: 'second' } });
    expect(changed.says).toEqual([
      `recreate container ${NAME}: env A changed, env DB_PASSWORD changed`,
      `stop container ${NAME}`,
      `remove the old container ${NAME}`,
      `rename container ${NAME}.girofle-new to ${NAME}`,
      `start container ${NAME}`,
      `see container ${NAME} running`,
    ]);
    expect(changed.steps[0]?.diff).toEqual({
      title: `container ${NAME}`,
      before: 'env A: 1\nenv DB_PASSWORD: (not shown)\n',
      after: 'env A: 2\nenv DB_PASSWORD: (not shown)\n',
    });
    expect((await run({ env: { A: '2', DB_PASSWORD: 'second' } })).says).toEqual([]);
  });

  test('killed before any step, the next run comes to the same end and leaves no half-made container', async () => {
    const wanted = { env: { A: '2' } };
    await run({ env: { A: '1' } });
    const { steps } = await run({ env: { A: 'x' } });
    for (let killed = 0; killed < steps.length; killed++) {
      await run({ env: { A: '1' } });
      let done = 0;
      const dies = runDockerModule(
        docker_container,
        { name: NAME, image: IMAGE, stop_signal: 'SIGKILL', ...wanted },
        {
          onAction: () => {
            if (done++ === killed) throw new Error('killed');
          },
        },
      );
      await expect(dies).rejects.toThrow('killed');
      await run(wanted);
      const { body } = await inspect();
      expect([dig(body, 'State', 'Running'), dig(body, 'Config', 'Env')]).toEqual([
        true,
        ['A=2', 'PATH=/bin', 'FROM_IMAGE=yes'],
      ]);
      expect((await inspect(`${NAME}.girofle-new`)).status).toBe(404);
      expect((await run(wanted)).says).toEqual([]);
    }
  });

  test('one that ends at once fails with its last words', async () => {
    const ran = await run({ command: ['sh', '-c', 'echo I cannot go on; exit 3'] });
    expect(ran.result.msg).toBe('it ended at once with exit code 3\nI cannot go on\n');
  });

  test('one that is restarted again and again fails too', async () => {
    const ran = await run({ command: ['sh', '-c', 'echo again; exit 4'], restart_policy: 'always' });
    expect(ran.result.msg).toMatch(/^it ended with exit code 4 and was restarted [3-9] times\nagain\n/);
  });

  test('one whose check fails is not healthy, and says why', async () => {
    const healthcheck = { test: ['CMD-SHELL', 'echo no answer; exit 1'], interval: '200ms', retries: 2 };
    const ran = await run({
      command: ['sh', '-c', 'echo serving; sleep 100'],
      healthcheck,
      state: 'healthy',
    });
    expect(ran.result.msg).toBe('its health is unhealthy: no answer\nserving\n');
  });

  test('run to its end, with its output and exit code', async () => {
    const ran = await run({ command: ['sh', '-c', 'echo done'], detach: false, cleanup: true });
    expect([ran.result.output, ran.result.status]).toEqual(['done\n', 0]);
    expect((await inspect()).status).toBe(404);
  });

  test('stopped, present and absent', async () => {
    expect((await run({ state: 'present' })).says).toEqual([`create container ${NAME} from ${IMAGE}`]);
    expect((await run({ state: 'stopped' })).says).toEqual([]);
    await run({});
    expect((await run({ state: 'stopped' })).says).toEqual([`stop container ${NAME}`]);
    expect((await run({ state: 'present' })).says).toEqual([]);
    expect((await gone()).says).toEqual([`remove container ${NAME}`]);
    expect((await gone()).says).toEqual([]);
  });

  test('a tag that means another image now makes a new container', async () => {
    const two = 'girofle-test/plain:2';
    await runDockerModule(docker_image, plainImage(two));
    await run({ image: two });
    const again = await runDockerModule(docker_image, plainImage(two, ['ENV NEW=yes']));
    expect(again.says[0]).toMatch(
      /^make image girofle-test\/plain:2 anew: its recipe is [0-9a-f]{16}, was [0-9a-f]{16}$/,
    );
    expect((await run({ image: two })).says[0]).toBe(
      `recreate container ${NAME}: image ${two} is another one now`,
    );
  });

  test('without a daemon it fails with a sentence', async () => {
    const ran = runDockerModule(docker_container, { name: NAME, image: IMAGE }, { docker: noDaemon });
    await expect(ran).rejects.toThrow('connect ENOENT /var/run/docker.sock');
  });
});
