/** Networks on the Docker daemon of this machine, and a container's place in them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ValueMap } from '../../src/core/value.ts';
import { docker_container } from '../../tasks/docker_container.ts';
import { docker_image } from '../../tasks/docker_image.ts';
import { docker_network } from '../../tasks/docker_network.ts';
import { plainImage, pruneImages } from '../support/docker-images.ts';
import { callDocker, runDockerModule } from '../support/run-docker-module.ts';

const IMAGE = 'girofle-test/networked:1';
const NAME = 'girofle-test-networked';
const NETWORK = 'girofle-test-network';

const network = (args: ValueMap) => runDockerModule(docker_network, { name: NETWORK, ...args });
const container = (args: ValueMap) =>
  runDockerModule(docker_container, { name: NAME, image: IMAGE, ...args });
const pool = (subnet: string): ValueMap => ({ ipam_config: [{ subnet }] });

async function clean(): Promise<void> {
  await callDocker({ method: 'DELETE', path: `/containers/${NAME}`, query: { force: true }, answer: 'none' });
  await callDocker({ method: 'DELETE', path: `/networks/${NETWORK}`, answer: 'none' });
}

beforeAll(async () => {
  await clean();
  await runDockerModule(docker_image, plainImage(IMAGE));
});
afterAll(async () => {
  await clean();
  await runDockerModule(docker_image, { name: IMAGE, state: 'absent', force_absent: true });
  await pruneImages();
});

test('made, kept, made anew with its containers, emptied, removed', async () => {
  const declared: ValueMap = {
    ...pool('10.213.0.0/24'),
    internal: true,
    labels: { a: 1 },
    driver_options: { 'com.docker.network.bridge.name': 'girofle-test0' },
  };
  expect((await network(declared)).says).toEqual([`create network ${NETWORK}`]);
  expect((await network(declared)).says).toEqual([]);

  const attached: ValueMap = { networks: [{ name: NETWORK, ipv4_address: '10.213.0.9', aliases: ['web'] }] };
  expect((await container(attached)).result.msg).toBeUndefined();
  expect((await container(attached)).says).toEqual([]);
  const moved = await container({ networks: [{ name: NETWORK, ipv4_address: '10.213.0.10' }] });
  expect([moved.says, moved.result.msg]).toEqual([
    [
      `disconnect container ${NAME} from network ${NETWORK}`,
      `connect container ${NAME} to network ${NETWORK}`,
    ],
    undefined,
  ]);

  const anew = await network({ ...pool('10.214.0.0/24'), labels: { a: 2 } });
  expect([anew.says, anew.result.msg]).toEqual([
    [
      `disconnect container ${NAME} from network ${NETWORK}`,
      `remove network ${NETWORK}`,
      `create network ${NETWORK} anew: labels, ipam_config changed`,
      `connect container ${NAME} to network ${NETWORK}`,
    ],
    undefined,
  ]);

  expect((await network({ connected: [] })).says).toEqual([
    `disconnect container ${NAME} from network ${NETWORK}`,
  ]);
  expect((await network({ connected: [NAME] })).says).toEqual([
    `connect container ${NAME} to network ${NETWORK}`,
  ]);
  expect((await network({ connected: [], appends: true })).says).toEqual([]);
  expect((await network({ state: 'absent' })).says).toEqual([
    `disconnect container ${NAME} from network ${NETWORK}`,
    `remove network ${NETWORK}`,
  ]);
  expect((await network({ state: 'absent' })).says).toEqual([]);
});
