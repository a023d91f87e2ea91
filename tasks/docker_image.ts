/** An image on the host: pulled, built from a folder, imported from what a script makes, loaded, or gone. */
import { createHash } from 'node:crypto';
import { type DockerCall, dockerPath } from '../src/core/docker.ts';
import { all, known, type Probe, probeDocker, supposing } from '../src/core/probe.ts';
import { sh, userScript } from '../src/core/sh.ts';
import type { Step, StepOutput } from '../src/core/step.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';
import type { ValueMap } from '../src/core/value.ts';
import { canonical, compact, dig, digList, digText } from './docker/dig.ts';
import { type ImageArgs as Args, imageArgs } from './docker/image-args.ts';
import { probeImage, readAnswer } from './docker/probe.ts';
import { pullStep } from './docker/pull.ts';
import { fullReference, parseReference } from './docker/reference.ts';
import { bytes } from './docker/units.ts';

const KEY = 'io.girofle.key';

type Source = NonNullable<Args['source']>;

interface Seen {
  readonly image: ValueMap | null;
  /** Digest that the registry has for the reference; asked only when it matters. */
  readonly registry: string;
}

function sourceOf(given: Args): Source {
  if (given.source !== undefined) return given.source;
  if (given.build !== undefined) return 'build';
  if (given.import !== undefined) return 'import';
  return given.load_path === undefined ? 'pull' : 'load';
}

function reference({ name, tag }: Args): string {
  return fullReference(name, tag);
}

function check(given: Args): readonly string[] {
  if (given.state === 'absent') return [];
  const source = sourceOf(given);
  const needed: Partial<Record<Source, unknown>> = {
    build: given.build,
    import: given.import,
    load: given.load_path,
  };
  const missing = source in needed && needed[source] === undefined;
  const name = source === 'load' ? 'load_path' : source;
  const pinned = parseReference(reference(given)).digest !== undefined;
  return [
    ...(missing ? [`source: ${source} needs ${name}`] : []),
    ...(pinned && ['build', 'import'].includes(source)
      ? [`what is made by ${source} cannot be named by a digest`]
      : []),
  ];
}

function probe(given: Args): Probe<Seen> {
  const asks = given.state === 'present' && given.force_source && sourceOf(given) === 'pull';
  return all({ image: probeImage(reference(given)), registry: asks ? probeRegistry(given) : known('') });
}

function probeRegistry(given: Args): Probe<string> {
  const call: DockerCall = {
    method: 'GET',
    path: dockerPath('distribution', reference(given), 'json'),
    ...(given.login === undefined ? {} : { auth: given.login }),
  };
  const asked = probeDocker(call, answer => digText(readAnswer(answer), 'Descriptor', 'digest'));
  return supposing(asked, '');
}

function plan(given: Args, seen: Seen): Plan {
  const ref = reference(given);
  if (given.state === 'absent') return seen.image === null ? [] : [removal(given)];
  const source = sourceOf(given);
  switch (source) {
    case 'local':
      return seen.image === null
        ? refuse(`image ${ref} is not on this host`, { hint: 'source: local brings none' })
        : [];
    case 'pull':
      return pullPlan(given, seen);
    case 'load':
      return seen.image === null || given.force_source ? [load(given)] : [];
    case 'build':
      return seen.image === null || given.force_source ? [buildStep(given)] : [];
    case 'import':
      return importPlan(given, seen);
  }
}

function pullPlan(given: Args, { image, registry }: Seen): Plan {
  const ref = reference(given);
  const digests = digList(image ?? undefined, 'RepoDigests').map(
    digest => parseReference(String(digest)).digest,
  );
  const current = image !== null && (!given.force_source || digests.includes(registry));
  const { platform, login: auth, timeout } = given;
  const options = {
    ...(platform === undefined ? {} : { platform }),
    ...(auth === undefined ? {} : { login: auth }),
  };
  return current ? [] : [pullStep(ref, { ...options, limit: timeout })];
}

function removal(given: Args): Step {
  const path = dockerPath('images', reference(given));
  const call: DockerCall = { method: 'DELETE', path, query: { force: given.force_absent }, limit: 300 };
  return { say: `remove image ${reference(given)}`, action: { kind: 'docker', call, success: [404] } };
}

function making(say: string, { timeout }: Args, call: Omit<DockerCall, 'method' | 'answer'>): Step {
  return {
    say,
    streams: true,
    action: { kind: 'docker', call: { method: 'POST', answer: 'progress', limit: timeout, ...call } },
  };
}

function load(given: Args): Step {
  const script = sh`cat -- ${given.load_path ?? ''}`;
  const say = `load ${reference(given)} from ${given.load_path}`;
  return making(say, given, {
    path: '/images/load',
    query: { quiet: true },
    archive: { hostScript: script },
  });
}

function buildStep(given: Args): Step {
  const {
    path = '',
    dockerfile,
    args: buildargs,
    labels,
    target,
    pull,
    nocache,
    rm,
    network,
    shm_size,
    platform,
  } = given.build ?? {};
  const query = compact({
    t: reference(given),
    dockerfile,
    buildargs: buildargs && JSON.stringify(textValues(buildargs)),
    labels: labels && JSON.stringify(textValues(labels)),
    target,
    pull: pull === true ? true : undefined,
    nocache,
    rm,
    networkmode: network,
    shmsize: shm_size === undefined ? undefined : bytes(shm_size),
    platform,
  });
  return making(`build ${reference(given)} from ${path}`, given, {
    path: '/build',
    query: plainQuery(query),
    archive: { folder: path },
  });
}

function textValues(map: Readonly<Record<string, string | number | boolean>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, String(value)]));
}

function plainQuery(map: ValueMap): Record<string, string | number | boolean> {
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => [key, typeof value === 'object' ? '' : value]),
  );
}

function importPlan(given: Args, { image }: Seen): Plan {
  const key = keyOf(given);
  const made = digText(image ?? undefined, 'Config', 'Labels', KEY);
  if (image !== null && made === key && !given.force_source) return [];
  const ref = reference(given);
  const { repository, tag = 'latest' } = parseReference(ref);
  const changes = [...(given.import?.changes ?? []), `LABEL ${KEY}=${JSON.stringify(key)}`].join('\n');
  const say =
    image === null
      ? `make image ${ref}`
      : `make image ${ref} anew: its recipe is ${key}, was ${made || 'another'}`;
  return [
    making(say, given, {
      path: '/images/create',
      query: { fromSrc: '-', repo: repository, tag, changes },
      archive: { hostScript: userScript(given.import?.script ?? '') },
    }),
  ];
}

function keyOf({ import: recipe }: Args): string {
  if (recipe?.key !== undefined) return recipe.key;
  const text = canonical([recipe?.script ?? '', [...(recipe?.changes ?? [])]]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function result(given: Args, { image }: Seen, outputs: readonly StepOutput[]): ValueMap {
  const kept = given.state === 'present' && outputs.length === 0;
  return {
    image: kept ? image : null,
    reference: reference(given),
    id: kept ? (dig(image ?? undefined, 'Id') ?? null) : null,
  };
}

export const docker_image = defineTask({
  name: 'docker_image',
  summary: 'Bring an image to a host: pull, build, import or load it; or remove it',
  description: `An image that is there stays as it is, whatever its tag means elsewhere by now; force_source asks the registry and pulls
only when it has another one. An image made by import carries the version of its recipe as a label, so that a changed recipe makes it anew.`,
  args: imageArgs,
  examples: `
- name: GitLab at a pinned version
  docker_image:
    name: gitlab/gitlab-ce
    tag: 17.5.2-ce.0

- name: An image of one static program, made without a registry
  docker_image:
    name: example/busybox
    tag: "1"
    import:
      script: tar -c -C /bin busybox
      changes:
        - CMD ["/busybox", "httpd", "-f"]
        - EXPOSE 80
`,
  returns: {
    image: 'The image as docker image inspect shows it, when it was there already; else null',
    id: 'Its id, when it was there already; else null',
    reference: 'Its full name',
  },
  check,
  probe,
  plan,
  result,
});
