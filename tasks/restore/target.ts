/** Where a backup is restored to: number, directory, address, ports, names, and the URL that follows from them. */

import type { ValueMap } from '../../src/core/value.ts';
import { digText } from '../docker/dig.ts';
import { defaultUrl, LABELS, type Ports, readPorts } from '../gitlab/gitlab.ts';

/** What of an instance its container says. */
export interface Identity {
  readonly number: number;
  readonly directory: string;
  /** '' when its labels do not tell. */
  readonly address: string;
  readonly ports: Ports;
  readonly hostname: string;
  readonly url: string;
}

const PORTS: Ports = { http: 80, https: 443, ssh: 2222 };

/** @param config `Config` of a container, as Docker has it */
export function identityOf(config: ValueMap): Identity {
  const label = (name: string) => digText(config, 'Labels', name);
  const [http = PORTS.http, https = PORTS.https, ssh = PORTS.ssh] = readPorts(label(LABELS.ports));
  return {
    number: Number(label(LABELS.number)) || 0,
    directory: label(LABELS.root),
    address: label(LABELS.address),
    ports: { http, https, ssh },
    hostname: digText(config, 'Hostname'),
    url: label(LABELS.url),
  };
}

/** What may be asked to be otherwise than it was. */
export interface Wanted {
  readonly number: number;
  readonly directory: string;
  readonly address?: string;
  readonly ports: Partial<Ports>;
  readonly hostname?: string;
  readonly url?: string;
}

/**
 * @param was as the backup has it
 * @param now the instance that is replaced, if there is one: it may have moved to another address since the backup
 */
export function targetOf(wanted: Wanted, was: Identity, now: Identity | undefined): Identity {
  const before = now !== undefined && now.address !== '' ? now : was;
  const address = wanted.address ?? before.address;
  const ports = { ...before.ports, ...wanted.ports };
  const hostname = wanted.hostname ?? hostnameFor(wanted.number, before);
  const moved = { number: wanted.number, directory: wanted.directory, address, ports, hostname };
  return { ...moved, url: wanted.url ?? urlFor(moved, wanted.hostname, before) };
}

/** `gitlab-2` is made of the number, any other name was chosen. */
function hostnameFor(number: number, { hostname, number: old }: Identity): string {
  return hostname === `gitlab-${old}` ? `gitlab-${number}` : hostname;
}

/** A URL that was made of the address or of the host name is made again; any other was chosen. */
function urlFor(
  { address, ports, hostname }: Omit<Identity, 'url'>,
  asked: string | undefined,
  before: Identity,
): string {
  const ofAddress = before.url === defaultUrl(before.address, before.ports.http) || before.url === '';
  const ofHostname = before.url === defaultUrl(before.hostname, before.ports.http);
  if (!ofAddress && !ofHostname) return before.url;
  return defaultUrl(asked ?? (ofAddress ? address : hostname), ports.http);
}
