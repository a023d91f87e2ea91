/** A container's place in a network: what is declared, whether it differs, and the calls that mend it. */

import { dockerPath } from '../../src/core/docker.ts';
import type { Step } from '../../src/core/step.ts';
import type { Value, ValueMap } from '../../src/core/value.ts';
import { canonical, compact, dig, digList, digMap } from './dig.ts';

export interface NetworkAttachment {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly ipv4_address?: string;
  readonly ipv6_address?: string;
  readonly links?: readonly string[];
}

/** Docker's EndpointSettings. */
export function endpointOf({ aliases, ipv4_address, ipv6_address, links }: NetworkAttachment): ValueMap {
  const addresses = compact({ IPv4Address: ipv4_address, IPv6Address: ipv6_address });
  return compact({
    Aliases: aliases && [...aliases],
    Links: links && [...links],
    IPAMConfig: Object.keys(addresses).length === 0 ? undefined : addresses,
  });
}

function differs(declared: NetworkAttachment, observed: Value | undefined): boolean {
  if (observed === undefined) return true;
  const aliases = digList(observed, 'Aliases');
  const wanted = endpointOf(declared);
  return (
    (declared.aliases ?? []).some(alias => !aliases.includes(alias)) ||
    (wanted.IPAMConfig !== undefined &&
      canonical(wanted.IPAMConfig) !== canonical(digMap(observed, 'IPAMConfig'))) ||
    (wanted.Links !== undefined && canonical(wanted.Links) !== canonical(dig(observed, 'Links')))
  );
}

/** Connects, reconnects and (with `purge`) disconnects, while the container lives on. */
export function endpointSteps(
  container: string,
  declared: readonly NetworkAttachment[],
  inspect: ValueMap,
  purge: boolean,
): readonly Step[] {
  const observed = digMap(inspect, 'NetworkSettings', 'Networks');
  const connect = declared
    .filter(attachment => differs(attachment, observed[attachment.name]))
    .flatMap(attachment => [
      ...(attachment.name in observed ? [disconnect(container, attachment.name)] : []),
      connectStep(container, attachment),
    ]);
  const names = declared.map(({ name }) => name);
  const extra = purge ? Object.keys(observed).filter(name => !names.includes(name)) : [];
  return [...connect, ...extra.map(name => disconnect(container, name))];
}

export function connectStep(container: string, attachment: NetworkAttachment): Step {
  return {
    say: `connect container ${container} to network ${attachment.name}`,
    action: {
      kind: 'docker',
      call: {
        method: 'POST',
        path: dockerPath('networks', attachment.name, 'connect'),
        body: { Container: container, EndpointConfig: endpointOf(attachment) },
        answer: 'none',
      },
    },
  };
}

export function disconnect(container: string, network: string): Step {
  return {
    say: `disconnect container ${container} from network ${network}`,
    action: {
      kind: 'docker',
      call: {
        method: 'POST',
        path: dockerPath('networks', network, 'disconnect'),
        body: { Container: container, Force: true },
        answer: 'none',
      },
    },
  };
}
