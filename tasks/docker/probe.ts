/** Looking at Docker's objects: what the daemon says, or a sentence when it does not answer. */
import { type DockerAnswer, type DockerCall, dockerPath, dockerSucceeded } from '../../src/core/docker.ts';
import { mapProbe, type Probe, ProbeError, probeDocker, supposing } from '../../src/core/probe.ts';
import type { Value, ValueMap } from '../../src/core/value.ts';
import { isMap } from '../../src/core/value.ts';
import { digList } from './dig.ts';

/** The body of a successful answer; null for an object that does not exist; a ProbeError otherwise. */
function readObject(answer: DockerAnswer): Value {
  if (answer.status === 404) return null;
  return readAnswer(answer);
}

/** The body of a successful answer, or a ProbeError. */
export function readAnswer(answer: DockerAnswer): Value {
  if (dockerSucceeded(answer)) return answer.body;
  const reason = answer.message ?? `status ${answer.status}`;
  throw new ProbeError(answer.status === 0 ? reason : `Docker refuses: ${reason}`);
}

function get(path: string, query?: DockerCall['query']): DockerCall {
  return { method: 'GET', path, ...(query === undefined ? {} : { query }) };
}

/** An object, or null; a plan supposes that there is none while Docker itself is still to be installed. */
function probeObject(path: string): Probe<ValueMap | null> {
  const read = (answer: DockerAnswer) => {
    const body = readObject(answer);
    return isMap(body) ? body : null;
  };
  return supposing(probeDocker(get(path), read), null);
}

function probeList(path: string, query?: DockerCall['query']): Probe<readonly Value[]> {
  const read = (answer: DockerAnswer) => {
    const body = readAnswer(answer);
    return Array.isArray(body) ? body : [];
  };
  return supposing(probeDocker(get(path, query), read), []);
}

/** `docker inspect` of a container, or null. */
export function probeContainer(name: string): Probe<ValueMap | null> {
  return probeObject(dockerPath('containers', name, 'json'));
}

/** `docker image inspect`, or null. */
export function probeImage(reference: string): Probe<ValueMap | null> {
  return probeObject(dockerPath('images', reference, 'json'));
}

/** `docker network inspect`, or null. */
export function probeNetwork(name: string): Probe<ValueMap | null> {
  return probeObject(dockerPath('networks', name));
}

/** `docker info`; empty where a plan supposes. */
export function probeInfo(): Probe<ValueMap> {
  return mapProbe(probeObject('/info'), info => info ?? {});
}

/** Containers, running or not, that carry a label. */
export function probeContainersWith(label: string): Probe<readonly Value[]> {
  return probeList('/containers/json', { all: true, filters: JSON.stringify({ label: [label] }) });
}

/** Names of all containers, running or not. */
export function probeNames(): Probe<readonly string[]> {
  return mapProbe(probeList('/containers/json', { all: true }), containers =>
    containers.flatMap(container => digList(container, 'Names')).map(name => String(name).replace(/^\//, '')),
  );
}

/** All images of the host, as Docker lists them. */
export function probeImages(): Probe<readonly Value[]> {
  return probeList('/images/json');
}

export function probeNetworks(): Probe<readonly Value[]> {
  return probeList('/networks');
}

/** What a wait's judge is handed for a Docker request. */
export function isDockerAnswer(answer: unknown): answer is DockerAnswer {
  return typeof answer === 'object' && answer !== null && 'status' in answer && 'body' in answer;
}
