/** Published ports as Docker's users write them: `80`, `8080:80`, `127.0.0.1:8080:80/tcp`, `[::1]:9000-9001:9000-9001`. */
import type { ValueMap } from '../../src/core/value.ts';

interface Published {
  /** `80/tcp` */
  readonly inside: string;
  /** '' is every address. */
  readonly address: string;
  /** '' is a port that Docker chooses. */
  readonly outside: string;
}

const WRITTEN =
  /^(?:(\[[0-9a-fA-F:]+\]|\d+(?:\.\d+){3}):)?(?:(\d*(?:-\d+)?):)?(\d+(?:-\d+)?)(?:\/(tcp|udp|sctp))?$/;

/** What is wrong with a port, or nothing. */
export function portProblem(written: string | number): string | undefined {
  const match = WRITTEN.exec(String(written));
  if (!match) return `"${written}" is no port: write 80, 8080:80 or 127.0.0.1:8080:80/tcp`;
  const [, , outside = '', inside = ''] = match;
  const all = [...range(outside), ...range(inside)];
  if (all.some(port => port < 1 || port > 65535)) return `"${written}": ports go from 1 to 65535`;
  const same = outside === '' || range(outside).length === range(inside).length;
  return same ? undefined : `"${written}": the two ranges differ in length`;
}

function range(written: string): readonly number[] {
  const [from, to = from] = written
    .split('-')
    .filter(part => part !== '')
    .map(Number);
  if (from === undefined || to === undefined) return [];
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

function published(written: string | number): readonly Published[] {
  const [, address = '', outside = '', inside = '', protocol = 'tcp'] = WRITTEN.exec(String(written)) ?? [];
  const outer = range(outside);
  return range(inside).map((port, i) => ({
    inside: `${port}/${protocol}`,
    address: address.replace(/^\[|\]$/g, ''),
    outside: String(outer[i] ?? ''),
  }));
}

/** HostConfig.PortBindings */
export function portBindings(ports: readonly (string | number)[]): ValueMap {
  const bindings: Record<string, ValueMap[]> = {};
  for (const { inside, address, outside } of ports.flatMap(published)) {
    bindings[inside] = [...(bindings[inside] ?? []), { HostIp: address, HostPort: outside }];
  }
  return bindings;
}

/** Config.ExposedPorts: what is published is exposed as well. */
export function exposedPorts(
  ports: readonly (string | number)[] | undefined,
  exposed: readonly (string | number)[] | undefined,
): ValueMap | undefined {
  if (ports === undefined && exposed === undefined) return undefined;
  const inside = [...(ports ?? []), ...(exposed ?? [])].flatMap(published).map(port => port.inside);
  return Object.fromEntries(inside.map(port => [port, {}]));
}
