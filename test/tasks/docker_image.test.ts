/** Images: what is planned from what was seen, and made for real by the Docker daemon of this machine. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Step } from '../../src/core/step.ts';
import { isRefusal } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { dig } from '../../tasks/docker/dig.ts';
import { docker_image } from '../../tasks/docker_image.ts';
import { plainImage, pruneImages } from '../support/docker-images.ts';
import { withDefaults } from '../support/module-args.ts';
import { callDocker, runDockerModule } from '../support/run-docker-module.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const here: ValueMap = { Id: 'sha256:1', RepoDigests: [`gitlab/gitlab-ce@${digest}`] };

interface Case {
  readonly args: ValueMap;
  readonly image?: ValueMap;
  readonly registry?: string;
  readonly says: readonly string[];
  /** Of the first step's call. */
  readonly query?: ValueMap;
}

const cases: Readonly<Record<string, Case>> = {
  'a pull': {
    args: { name: 'gitlab/gitlab-ce', tag: '17.5.2-ce.0' },
    says: ['pull gitlab/gitlab-ce:17.5.2-ce.0'],
    query: { fromImage: 'gitlab/gitlab-ce', tag: '17.5.2-ce.0' },
  },
  'a pull by digest, for a platform': {
    args: { name: `gitlab/gitlab-ce@${digest}`, platform: 'linux/arm64' },
    says: [`pull gitlab/gitlab-ce@${digest}`],
    query: { fromImage: 'gitlab/gitlab-ce', tag: digest, platform: 'linux/arm64' },
  },
  'the tag is latest when none is given, as in Ansible': { args: { name: 'web' }, says: ['pull web:latest'] },
  'what is there is not pulled': { args: { name: 'web' }, image: here, says: [] },
  'forced, and the registry has the same': {
    args: { name: 'web', force_source: true },
    image: here,
    registry: digest,
    says: [],
  },
  'forced, and the registry has another': {
    args: { name: 'web', force_source: true },
    image: here,
    registry: `sha256:${'b'.repeat(64)}`,
    says: ['pull web:latest'],
  },
  'a build': {
    args: { name: 'web:1', build: { path: 'web', args: { A: 1 }, target: 'final', nocache: true } },
    says: ['build web:1 from web'],
    query: { t: 'web:1', buildargs: '{"A":"1"}', target: 'final', nocache: true, rm: true },
  },
  'a build that is there': { args: { name: 'web:1', build: { path: 'web' } }, image: here, says: [] },
  'a tar': { args: { name: 'web:1', load_path: '/tmp/web.tar' }, says: ['load web:1 from /tmp/web.tar'] },
  'an import by another recipe': {
    args: { name: 'web:1', import: { script: 'tar -c .', key: '2' } },
    image: { Config: { Labels: { 'io.girofle.key': '1' } } },
    says: ['make image web:1 anew: its recipe is 2, was 1'],
    query: { fromSrc: '-', repo: 'web', tag: '1', changes: 'LABEL io.girofle.key="2"' },
  },
  'an import by the same recipe': {
    args: { name: 'web:1', import: { script: 'tar -c .', key: '1' } },
    image: { Config: { Labels: { 'io.girofle.key': '1' } } },
    says: [],
  },
  'one that is to be here already': {
    args: { name: 'web:1', source: 'local' },
    says: ['image web:1 is not on this host'],
  },
  'one that is to go': {
    args: { name: 'web:1', state: 'absent' },
    image: here,
    says: ['remove image web:1'],
  },
  'one that is gone': { args: { name: 'web:1', state: 'absent' }, says: [] },
};

function queryOf(step: Step | undefined): unknown {
  return step?.action.kind === 'docker' ? step.action.call.query : undefined;
}

describe('docker_image plans', () => {
  test.each(Object.entries(cases))('%s', (_, { args, image = null, registry = '', says, query }) => {
    const plan = docker_image.plan(
      withDefaults(docker_image, args),
      { image, registry },
      { host: 'h', planning: true, verbosity: 0 },
    );
    expect(isRefusal(plan) ? [plan.refusal] : plan.map(({ say }) => say)).toEqual(says);
    if (query !== undefined) expect(isRefusal(plan) ? plan : queryOf(plan[0])).toEqual(query);
  });

  test.each([
    [{ name: 'web', source: 'build' }, 'source: build needs build'],
    [{ name: 'web', source: 'load' }, 'source: load needs load_path'],
    [{ name: `web@${digest}`, build: { path: '.' } }, 'what is made by build cannot be named by a digest'],
  ])('%j is refused', (args, problem) => expect(() => withDefaults(docker_image, args)).toThrow(problem));
});

describe('on the daemon of this machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'girofle-test-build-'));
  const names = ['girofle-test/built:1', 'girofle-test/imported:1'];
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    for (const name of names)
      await runDockerModule(docker_image, { name, state: 'absent', force_absent: true });
    await pruneImages();
  });

  test('built from a folder of the controller', async () => {
    writeFileSync(
      join(folder, 'Dockerfile'),
      'FROM scratch\nARG WORD\nLABEL word=$WORD\nCOPY Dockerfile /\n',
    );
    const args = {
      name: names[0] ?? '',
      build: { path: folder, args: { WORD: 'yes' }, labels: { from: 'girofle' } },
    };
    const built = await runDockerModule(docker_image, args);
    expect(built.result.msg).toBeUndefined();
    expect((await runDockerModule(docker_image, args)).says).toEqual([]);
    const { body } = await callDocker({ method: 'GET', path: '/images/girofle-test%2Fbuilt:1/json' });
    expect(dig(body, 'Config', 'Labels')).toEqual({ word: 'yes', from: 'girofle' });
  });

  test('imported, kept, imported anew when the recipe is another, removed', async () => {
    const name = names[1] ?? '';
    expect((await runDockerModule(docker_image, plainImage(name))).says).toEqual([`make image ${name}`]);
    expect((await runDockerModule(docker_image, plainImage(name))).says).toEqual([]);
    const other = plainImage(name, ['HEALTHCHECK --interval=2s CMD cat /bin/sh', 'EXPOSE 80']);
    expect((await runDockerModule(docker_image, other)).result.msg).toBeUndefined();
    const { result } = await runDockerModule(docker_image, other);
    expect(dig(result.image, 'Config', 'Healthcheck')).toEqual({
      Test: ['CMD-SHELL', 'cat /bin/sh'],
      Interval: 2_000_000_000,
    });
    expect((await runDockerModule(docker_image, { name, state: 'absent' })).says).toEqual([
      `remove image ${name}`,
    ]);
    expect((await runDockerModule(docker_image, { name, state: 'absent' })).says).toEqual([]);
  });

  test('a registry that is not there: a failed pull, and a failed look at what it has', async () => {
    const ran = await runDockerModule(docker_image, { name: '127.0.0.1:1/nothing', tag: '1' });
    expect([ran.says, ran.failed]).toEqual([['pull 127.0.0.1:1/nothing:1'], true]);
    expect(ran.result.msg).toContain('127.0.0.1:1');
    const forced = runDockerModule(docker_image, {
      name: '127.0.0.1:1/nothing',
      tag: '1',
      force_source: true,
    });
    await expect(forced).rejects.toThrow('127.0.0.1:1');
  });
});
