/** The container of a restored instance, its image and its place, with what speaks against each. */
import type { Manifest } from '../../src/core/backup/manifest.ts';
import type { Value, ValueMap } from '../../src/core/value.ts';
import { digList, digMap, digText } from '../docker/dig.ts';
import { containerBody, ownNetworks, restartOf } from './container-body.ts';
import { architectureProblems, hasSELinux } from './host-problems.ts';
import { bodyOfInstance, configurationNow } from './instance-body.ts';
import { chooseImage, halfUpgraded, isThere } from './plan-image.ts';
import type { Draft, Drafted, Seen } from './restoration.ts';
import { directoryOf, numberOf, type RestoreArgs, settingsGiven } from './restore-args.ts';
import { collectSecrets, declaredEnvironment, resolveSecrets } from './secrets.ts';
import { type Identity, identityOf, targetOf } from './target.ts';
import { muted, unmuted } from './twin.ts';

export function draft(given: RestoreArgs, seen: Seen, manifest: Manifest, twin: boolean): Draft {
  const { configuration } = manifest;
  const was = identityOf(digMap(configuration, 'Config'));
  const target = targetFor(given, seen, was);
  const chosen = chooseImage(given.image, manifest, seen.images, seen.supposed);
  const half = given.image === undefined ? halfUpgraded(manifest) : [];
  const secrets = resolveSecrets(
    configuration,
    collectSecrets(
      digList(seen.container, 'Config', 'Env'),
      digList(seen.original, 'Config', 'Env'),
      declaredEnvironment(settingsGiven(given), given.omnibus_config, given.env),
    ),
  );
  return {
    target,
    image: chosen.image,
    body: containerBody({
      configuration,
      env: secrets.env,
      image: chosen.image.reference,
      was,
      target,
      adjust: twin ? muted : unmuted,
      selinux: hasSELinux(seen.info),
    }),
    restart: restartOf(configuration),
    networks: ownNetworks(configuration).slice(1),
    twin,
    problems: [
      ...architectureProblems(manifest, seen.info),
      ...(half.length > 0 ? half : chosen.problems),
      ...secrets.missing.map(
        name =>
          `the backup holds only the hash of ${name}, and neither a container of this instance nor the arguments have its value: give it by settings, omnibus_config or env`,
      ),
      ...networkProblems(configuration, seen.networks),
    ],
  };
}

/** The original scripts left no manifest: the container that is there says how, or the arguments do. */
export function draftOld(given: RestoreArgs, seen: Seen, twin: boolean): Drafted {
  const { container } = seen;
  if (container === null) return bodyOfInstance(given, seen.info, seen.images, twin);
  const configuration = configurationNow(container);
  const was = identityOf(digMap(configuration, 'Config'));
  const target = targetFor(given, seen, was);
  const reference = given.image ?? digText(container, 'Config', 'Image');
  return {
    target,
    image: { reference, pull: !isThere(reference, seen.images) },
    body: containerBody({
      configuration,
      env: digList(configuration, 'Config', 'Env').map(String),
      image: reference,
      was,
      target,
      adjust: twin ? muted : unmuted,
      selinux: hasSELinux(seen.info),
    }),
    restart: restartOf(configuration),
    networks: ownNetworks(configuration).slice(1),
    twin,
    problems: networkProblems(configuration, seen.networks),
  };
}

function targetFor(given: RestoreArgs, { container }: Seen, was: Identity): Identity {
  const { http_port: http, https_port: https, ssh_port: ssh } = given;
  const wanted = {
    number: numberOf(given),
    directory: directoryOf(given),
    ports: {
      ...(http === undefined ? {} : { http }),
      ...(https === undefined ? {} : { https }),
      ...(ssh === undefined ? {} : { ssh }),
    },
    ...(given.address === undefined ? {} : { address: given.address }),
    ...(given.hostname === undefined ? {} : { hostname: given.hostname }),
    ...(given.external_url === undefined ? {} : { url: given.external_url }),
  };
  return targetOf(wanted, was, container === null ? undefined : identityOf(digMap(container, 'Config')));
}

function networkProblems(configuration: ValueMap, networks: readonly Value[]): readonly string[] {
  const here = networks.map(network => digText(network, 'Name'));
  return ownNetworks(configuration)
    .filter(({ name }) => !here.includes(name))
    .map(
      ({ name }) =>
        `the instance was in Docker's network ${name}, which this host does not have: make it (docker_network)`,
    );
}
