/** The container that an instance of GitLab needs. */

import type { ValueMap } from '../../src/core/value.ts';
import type { ContainerSettings } from '../docker/container.ts';
import { digList } from '../docker/dig.ts';
import { mergeSettings, renderConfig } from './config.ts';
import { LABELS, showPorts, volumes } from './gitlab.ts';
import { directoryOf, type PresentArgs, portsOf, urlOf } from './instance-args.ts';

/** @param info what `docker info` says of the host */
export function settingsOf(given: PresentArgs, info: ValueMap): ContainerSettings {
  const directory = directoryOf(given);
  const access = digList(info, 'SecurityOptions').some(option => String(option).includes('name=selinux'))
    ? ':Z'
    : '';
  const { http, https, ssh } = portsOf(given);
  return {
    image: given.image,
    hostname: given.hostname ?? `gitlab-${given.number}`,
    env: { ...given.env, GITLAB_OMNIBUS_CONFIG: configOf(given) },
    labels: {
      ...given.labels,
      [LABELS.number]: given.number,
      [LABELS.root]: directory,
      [LABELS.address]: given.address,
      [LABELS.ports]: showPorts(portsOf(given)),
      [LABELS.url]: urlOf(given),
    },
    published_ports: [
      `${given.address}:${http}:80`,
      `${given.address}:${https}:443`,
      `${given.address}:${ssh}:22`,
    ],
    volumes: Object.entries(volumes).map(
      ([volume, inside]) => `${directory}/mapping-volumes/${volume}:${inside}${access}`,
    ),
    shm_size: given.shm_size,
    ...(given.memory === undefined ? {} : { memory: given.memory }),
    ...(given.cpus === undefined ? {} : { cpus: given.cpus }),
    ...(given.login === undefined ? {} : { login: given.login }),
    stop_timeout: given.stop_timeout,
    restart_policy: given.restart_policy,
    log_driver: 'json-file',
    log_options: { 'max-size': given.log_max_size, 'max-file': given.log_max_file },
    healthcheck: { interval: given.health_interval },
  };
}

/** The published ports are Docker's business: inside, nginx stays on 80 and 443 whatever port the URL has. */
function configOf(given: PresentArgs): string {
  const url = new URL(urlOf(given));
  const listen: ValueMap =
    url.port === '' ? {} : { nginx: { listen_port: url.protocol === 'https:' ? 443 : 80 } };
  const derived: ValueMap = {
    external_url: urlOf(given),
    gitlab_rails: { gitlab_shell_ssh_port: given.ssh_port },
    ...listen,
  };
  return renderConfig(mergeSettings(derived, given.settings), given.omnibus_config);
}
