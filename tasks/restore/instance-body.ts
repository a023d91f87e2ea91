/** How the container is made where no manifest says it: as the one that is there, or as a new instance's. */
import type { Value, ValueMap } from '../../src/core/value.ts';
import { configurationOf } from '../backup/identity.ts';
import { createBody } from '../docker/container.ts';
import { digMap } from '../docker/dig.ts';
import { settingsOf } from '../gitlab/container.ts';
import { type PresentArgs, portsOf, urlOf } from '../gitlab/instance-args.ts';
import { isThere } from './plan-image.ts';
import { directoryOf, numberOf, type RestoreArgs, settingsGiven } from './restore-args.ts';
import { muted } from './twin.ts';

/** In a manifest's words, secrets included. */
export function configurationNow(container: ValueMap): ValueMap {
  return { ...configurationOf(container), Config: digMap(container, 'Config') };
}

/** As gitlab_instance would make it; without an image and an address that is not known. */
export function bodyOfInstance(given: RestoreArgs, info: ValueMap, images: readonly Value[], twin: boolean) {
  const { image, address } = given;
  if (image === undefined || address === undefined)
    return {
      problems: [
        `there is neither a manifest nor a container that would say how instance ${numberOf(given)} was made: give image and address`,
      ],
    };
  const present = presentArgs(given, image, address);
  const settings = settingsOf(present, info);
  const config = settings.env?.GITLAB_OMNIBUS_CONFIG ?? '';
  const env = { ...settings.env, GITLAB_OMNIBUS_CONFIG: twin ? muted(String(config)) : config };
  return {
    target: {
      number: numberOf(given),
      directory: directoryOf(given),
      address,
      ports: portsOf(present),
      hostname: settings.hostname ?? '',
      url: urlOf(present),
    },
    image: { reference: image, pull: !isThere(image, images) },
    body: createBody({ ...settings, env, restart_policy: 'no' }),
    restart: present.restart_policy,
    networks: [],
    twin,
    problems: [],
  };
}

function presentArgs(given: RestoreArgs, image: string, address: string): PresentArgs {
  return {
    number: numberOf(given),
    state: 'present',
    address,
    image,
    root: given.root,
    name: given.name,
    pull: 'missing',
    ...(given.hostname === undefined ? {} : { hostname: given.hostname }),
    ...(given.external_url === undefined ? {} : { external_url: given.external_url }),
    http_port: given.http_port ?? 80,
    https_port: given.https_port ?? 443,
    ssh_port: given.ssh_port ?? 2222,
    settings: settingsGiven(given)[0] ?? {},
    omnibus_config: given.omnibus_config,
    ...(given.env === undefined ? {} : { env: given.env }),
    shm_size: '256m',
    memory_needed: '4g',
    stop_timeout: 300,
    restart_policy: 'always',
    log_max_size: '50m',
    log_max_file: 5,
    health_interval: '20s',
    wait: true,
    ready_timeout: given.ready_timeout,
    delete_data: false,
    delete_backups: false,
  };
}
