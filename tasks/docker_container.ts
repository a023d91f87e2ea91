/** A container as declared: made, updated in place, or replaced by a new one, and running or not. */
import { type Static, Type } from 'typebox';
import { Choice, Flag } from '../src/core/args.ts';
import type { Step, StepOutput } from '../src/core/step.ts';
import { defineTask, type Plan, refuse } from '../src/core/task-module.ts';
import { isMap, type ValueMap } from '../src/core/value.ts';
import { splitWords } from '../src/core/words.ts';
import { comparable } from './docker/compare.ts';
import { containerSettings } from './docker/container-args.ts';
import {
  converge,
  leftoverSteps,
  ownStopTimeout,
  probeDeclared,
  type SeenContainer,
} from './docker/converge.ts';
import { dig } from './docker/dig.ts';
import {
  finishedStep,
  healthOf,
  healthyStep,
  killStep,
  logsStep,
  removeStep,
  restartStep,
  runningStep,
  startStep,
  stopStep,
} from './docker/life.ts';
import { portProblem } from './docker/ports.ts';
import { isDockerAnswer } from './docker/probe.ts';
import { fullReference } from './docker/reference.ts';

const args = Type.Object(
  {
    name: Type.String({ description: 'Name of the container', pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]+$' }),
    image: Type.Optional(
      Type.String({ description: 'Image with tag or digest; the tag is latest when neither is given' }),
    ),
    state: Choice(
      ['absent', 'present', 'stopped', 'started', 'healthy'],
      'present: it exists, running or not; healthy: it runs and its health check passes',
      'started',
    ),
    ...containerSettings,
    pull: Choice(['missing', 'never'], 'Pull the image when the host does not have it', 'missing'),
    comparisons: Type.Optional(
      Type.Record(Type.String(), Choice(['strict', 'ignore', 'allow_more_present'], 'How to compare'), {
        description:
          'How settings are compared, by argument name, or * for all: strict (default), ignore, or for env and labels allow_more_present',
      }),
    ),
    networks_cli_compatible: Flag(
      'Accepted for Ansible: the first network takes the place of the default one',
      true,
    ),
    container_default_behavior: Type.Optional(
      Choice(['no_defaults', 'compatibility'], 'Accepted for Ansible: what is not given is never set'),
    ),
    purge_networks: Flag('Disconnect the container from networks that are not listed', false),
    recreate: Flag('Replace the container even when nothing differs', false),
    restart: Flag('Restart the container even when nothing differs', false),
    force_kill: Flag('Kill instead of stopping', false),
    keep_volumes: Flag('Keep anonymous volumes of a container that is removed or replaced', true),
    detach: Flag('False: wait until the container has ended and return its output', true),
    cleanup: Flag('Remove the container once it has ended; only with detach: false', false),
    healthy_wait_timeout: Type.Number({ description: 'Seconds to wait for state: healthy', default: 300 }),
    timeout: Type.Number({ description: 'Seconds to wait for the end with detach: false', default: 3600 }),
  },
  { additionalProperties: false },
);

type Args = Static<typeof args>;

function check(given: Args): readonly string[] {
  const unknown = Object.keys(given.comparisons ?? {}).filter(
    name => name !== '*' && !comparable.includes(name),
  );
  const ports = [...(given.published_ports ?? []), ...(given.exposed_ports ?? [])].map(portProblem);
  return [
    ...(given.image === undefined && given.state !== 'absent'
      ? ['image is needed unless state is absent']
      : []),
    ...(given.cleanup && given.detach ? ['cleanup needs detach: false'] : []),
    ...unknown.map(name => `comparisons: there is no setting ${name} to compare`),
    ...ports.filter(problem => problem !== undefined),
    ...commandProblems(given),
  ];
}

function commandProblems({ command }: Args): readonly string[] {
  const split = typeof command === 'string' ? splitWords(command) : {};
  return 'problem' in split ? [`command: ${split.problem}`] : [];
}

function plan(given: Args, seen: SeenContainer): Plan {
  const { name, state, image } = given;
  if (state === 'absent') return removal(given, seen);
  if (image === undefined) return refuse(`container ${name}: image is needed`);
  const converged = converge(
    {
      name,
      settings: { ...given, image: fullReference(image) },
      pull: given.pull,
      recreate: given.recreate,
      keepVolumes: given.keep_volumes,
      purgeNetworks: given.purge_networks,
      ...(given.comparisons === undefined ? {} : { comparisons: given.comparisons }),
    },
    seen,
  );
  const running = !converged.made && dig(seen.container ?? null, 'State', 'Running') === true;
  return [...converged.steps, ...lifeSteps(given, seen, running)];
}

/** @param running before these steps */
function lifeSteps(given: Args, { container }: SeenContainer, running: boolean): readonly Step[] {
  const { name } = given;
  const own = container === null ? 10 : ownStopTimeout(container);
  if (given.state === 'present') return [];
  if (given.state === 'stopped')
    return running ? [given.force_kill ? killStep(name) : stopStep(name, undefined, own)] : [];
  if (!given.detach)
    return [startStep(name), finishedStep(name, given.timeout), logsStep(name), ...cleanup(given)];
  const restart = running && given.restart ? [restartStep(name, own)] : [];
  const begin = running ? restart : [startStep(name)];
  if (given.state === 'healthy') return [...begin, ...untilHealthy(given, container, begin.length > 0)];
  return begin.length === 0 ? [] : [...begin, runningStep(name)];
}

function untilHealthy(
  { name, healthy_wait_timeout }: Args,
  container: ValueMap | null,
  begun: boolean,
): readonly Step[] {
  const status = container === null ? '' : healthOf(container);
  const fine = !begun && (status === 'healthy' || status === '');
  return fine ? [] : [healthyStep(name, healthy_wait_timeout, { patient: false })];
}

function cleanup({ name, cleanup: wanted, keep_volumes }: Args): readonly Step[] {
  return wanted ? [removeStep(name, { volumes: !keep_volumes })] : [];
}

function removal({ name, keep_volumes, force_kill }: Args, seen: SeenContainer): readonly Step[] {
  const { container } = seen;
  if (container === null) return leftoverSteps(name, seen);
  const running = dig(container, 'State', 'Running') === true;
  const stop = running
    ? [force_kill ? killStep(name) : stopStep(name, undefined, ownStopTimeout(container))]
    : [];
  return [...leftoverSteps(name, seen), ...stop, removeStep(name, { volumes: !keep_volumes, force: true })];
}

/** The container as Docker last showed it: by a wait, or when it was looked at first. */
function result(given: Args, seen: SeenContainer, outputs: readonly StepOutput[]): ValueMap {
  const answers = outputs.flatMap(({ answer }) => (isDockerAnswer(answer) ? [answer.body] : []));
  const last = answers.findLast(body => isMap(body) && 'State' in body);
  const logs = answers.findLast(body => typeof body === 'string');
  const container = given.state === 'absent' ? null : (last ?? seen.container);
  const exit = given.detach ? {} : { status: dig(container, 'State', 'ExitCode') ?? null };
  return { container, ...exit, ...(logs === undefined ? {} : { output: logs }) };
}

export const docker_container = defineTask({
  name: 'docker_container',
  summary: 'Bring a Docker container to the declared state',
  description: `A setting that is not given is the image's or Docker's to decide, and is not compared. Limits of memory and CPU, the
restart policy and network connections are changed while the container runs. Any other difference makes a new container: it is whole
before the old one stops, and the plan names the settings that differ. Environment variables and labels that are on the container but
neither declared nor the image's count as a difference.`,
  args,
  aliases: {
    ports: 'published_ports',
    cap_add: 'capabilities',
    forcekill: 'force_kill',
    exposed: 'exposed_ports',
    expose: 'exposed_ports',
  },
  examples: `
- name: A web server on one address
  docker_container:
    name: web
    image: nginx:1.27.2
    published_ports: ["127.0.0.1:8080:80"]
    volumes: ["/srv/www:/usr/share/nginx/html:ro"]
    env:
      TZ: Europe/Paris
    memory: 256m
    restart_policy: unless-stopped
    healthcheck:
      test: [CMD, curl, -fsS, "http://127.0.0.1/"]
      interval: 10s

- name: Nothing is left of the old one
  docker_container:
    name: old-web
    state: absent
`,
  returns: {
    container: 'The container as docker inspect shows it; null when it is absent',
    status: 'With detach: false, its exit code',
    output: 'With detach: false, its last 1000 lines of output',
  },
  check,
  probe: ({ name, image = '' }) => probeDeclared(name, image === '' ? 'scratch' : fullReference(image)),
  plan,
  result,
});
