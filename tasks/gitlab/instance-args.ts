/** The arguments of gitlab_instance, and the names and the URL that follow from them. */
import { type Static, Type } from 'typebox';
import { Choice, Flag } from '../../src/core/args.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { login, scalars } from '../docker/container-args.ts';
import { Duration, Size } from '../docker/units.ts';
import {
  containerName,
  DEFAULT_NAME,
  defaultUrl,
  instanceDirectory,
  type Ports,
  showPorts,
} from './gitlab.ts';

const port = (description: string, byDefault: number) =>
  Type.Integer({ description, minimum: 1, maximum: 65535, default: byDefault });

export const instanceArgs = Type.Object(
  {
    number: Type.Integer({
      description: 'Number of the instance; it names the directory and the container',
      minimum: 1,
    }),
    state: Choice(
      ['present', 'absent'],
      'absent: its container is removed, its directories are kept',
      'present',
    ),
    address: Type.Optional(
      Type.String({ description: 'IPv4 address of the host that it is bound to, alone' }),
    ),
    root: Type.String({
      description: "Directory of all instances' directories",
      default: '/girofle',
      pattern: '^/',
    }),
    name: Type.String({
      description: 'Name of the container; {number} is the number',
      default: DEFAULT_NAME,
    }),
    image: Type.Optional(Type.String({ description: 'Image, with a pinned tag or a digest' })),
    pull: Choice(['missing', 'never'], 'Pull the image when the host does not have it', 'missing'),
    login,
    hostname: Type.Optional(Type.String({ description: 'Host name; gitlab-NUMBER by default' })),
    external_url: Type.Optional(
      Type.String({
        description:
          'URL that its users type; by default http:// with host name or address, and the port unless it is 80',
        pattern: '^https?://',
      }),
    ),
    http_port: port('Port on the address for 80', 80),
    https_port: port('Port on the address for 443', 443),
    ssh_port: port('Port on the address for git over SSH, 22 inside', 2222),
    settings: Type.Optional(
      Type.Unsafe<ValueMap>({
        type: 'object',
        description:
          'gitlab.rb as data: {gitlab_rails: {time_zone: Europe/Paris}, puma: {worker_processes: 2}}',
      }),
    ),
    omnibus_config: Type.String({
      description: 'Ruby for gitlab.rb, taken as it stands, after the settings',
      default: '',
    }),
    env: scalars('Further environment variables'),
    labels: scalars('Further labels'),
    shm_size: Size('Size of /dev/shm', '256m'),
    memory: Type.Optional(Size('Limit of memory')),
    cpus: Type.Optional(Type.Number({ description: 'How many processors it may use' })),
    memory_needed: Size('Memory that it wants; less on the host gives a warning', '4g'),
    stop_timeout: Type.Integer({ description: 'Seconds that it has to stop', default: 300 }),
    restart_policy: Choice(
      ['no', 'on-failure', 'always', 'unless-stopped'],
      'When Docker starts it again',
      'always',
    ),
    log_max_size: Type.String({ description: "Size at which Docker's log of it is rotated", default: '50m' }),
    log_max_file: Type.Integer({ description: 'How many of these logs are kept', default: 5 }),
    health_interval: Duration('Between two health checks', '20s'),
    wait: Flag('Wait until it is healthy', true),
    ready_timeout: Type.Integer({
      description: 'Seconds to wait; a first start takes 2 to 10 minutes',
      default: 900,
    }),
    delete_data: Flag(
      'With state absent: delete its volumes, and the directory when no backup is in it',
      false,
    ),
    delete_backups: Flag('With delete_data: delete its backups as well', false),
  },
  { additionalProperties: false },
);

export type InstanceArgs = Static<typeof instanceArgs>;
/** Of an instance that is to be there. */
export type PresentArgs = InstanceArgs & { readonly address: string; readonly image: string };

export const nameOf = (given: InstanceArgs) => containerName(given.name, given.number);
export const directoryOf = (given: InstanceArgs) => instanceDirectory(given.root, given.number);
export const portsOf = (given: InstanceArgs): Ports => ({
  http: given.http_port,
  https: given.https_port,
  ssh: given.ssh_port,
});
/** What is noted in its directory. */
export const noteOf = (given: PresentArgs) => `${given.address} ${showPorts(portsOf(given))}`;

/** The URL that its users type. */
export function urlOf(given: PresentArgs): string {
  return given.external_url ?? defaultUrl(given.hostname ?? given.address, given.http_port);
}
