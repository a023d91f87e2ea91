/** Looking at Docker's objects: what the daemon says, or a sentence when it does not answer. */
import { type DockerAnswer, type DockerCall, dockerPath, dockerSucceeded } from './docker.ts';
import { type Probe, ProbeError, probeDocker } from './probe.ts';
import type { Value, ValueMap } from './value.ts';
import { isMap } from './value.ts';

/** The body of a successful answer; null for an object that does not exist; a ProbeError otherwise. */
export function readObject(answer: DockerAnswer): Value {
  if (answer.status === 404) return null;
  return readAnswer(answer);
}

/** The body of a successful answer, or a ProbeError. */
export function readAnswer(answer: DockerAnswer): Value {
  if (dockerSucceeded(answer)) return answer.body;
  const reason = answer.message ?? `status ${answer.status}`;
  throw new ProbeError(
    answer.status === 0 ? `no Docker daemon answers on this host: ${reason}` : `Docker refuses: ${reason}`,
  );
}

function readMap(answer: DockerAnswer): ValueMap | null {
  const body = readObject(answer);
  return isMap(body) ? body : null;
}

function get(path: string): DockerCall {
  return { method: 'GET', path };
}

/** `docker inspect` of a container, or null. */
export function probeContainer(name: string): Probe<ValueMap | null> {
  return probeDocker(get(dockerPath('containers', name, 'json')), readMap);
}

/** `docker image inspect`, or null. */
export function probeImage(reference: string): Probe<ValueMap | null> {
  return probeDocker(get(dockerPath('images', reference, 'json')), readMap);
}

/** `docker network inspect`, or null. */
export function probeNetwork(name: string): Probe<ValueMap | null> {
  return probeDocker(get(dockerPath('networks', name)), readMap);
}

/** `docker info`. */
export function probeInfo(): Probe<ValueMap> {
  return probeDocker(get('/info'), answer => {
    const body = readAnswer(answer);
    return isMap(body) ? body : {};
  });
}

/** Containers, running or not, that carry a label. */
export function probeContainersWith(label: string): Probe<readonly Value[]> {
  const query = { all: true, filters: JSON.stringify({ label: [label] }) };
  return probeDocker({ ...get('/containers/json'), query }, answer => {
    const body = readAnswer(answer);
    return Array.isArray(body) ? body : [];
  });
}

/** What a wait's judge is handed for a Docker request. */
export function isDockerAnswer(answer: unknown): answer is DockerAnswer {
  return typeof answer === 'object' && answer !== null && 'status' in answer && 'body' in answer;
}
