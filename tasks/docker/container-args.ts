/** The schema of what may be declared of a container, in the words of Ansible's docker_container. */
import { type TSchema, Type } from 'typebox';
import { Choice, Flag } from '../../src/core/args.ts';
import { Duration, Size } from './units.ts';

const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);
const text = (description: string) => optional(Type.String({ description }));
const whole = (description: string) => optional(Type.Integer({ description }));
const list = (description: string) => optional(Type.Array(Type.String(), { description }));
const flag = (description: string) => optional(Flag(description));

const Scalar = Type.Unsafe<string | number | boolean>({ type: ['string', 'number', 'boolean'] });
const Port = Type.Unsafe<string | number>({ type: ['string', 'integer'] });
const Words = Type.Unsafe<string | string[]>({ type: ['string', 'array'], items: { type: 'string' } });

/** Names to values; numbers and booleans are taken as they are written. */
export const scalars = (description: string) => optional(Type.Record(Type.String(), Scalar, { description }));

const words = (description: string) => optional(Type.Unsafe<string | string[]>({ ...Words, description }));

const healthcheck = Type.Object(
  {
    test: words(
      "The check: a list (['CMD', 'curl', ...] or ['NONE']), or a string for the container's shell",
    ),
    interval: optional(Duration('Between two checks')),
    timeout: optional(Duration('For one check')),
    retries: whole('Failures in a row that make the container unhealthy'),
    start_period: optional(Duration('Time to start, during which failures do not count')),
  },
  { additionalProperties: false, description: "The health check; what is left out is the image's" },
);

const mount = Type.Object(
  {
    target: Type.String({ description: 'Path in the container' }),
    source: text('Path on the host, or name of the volume'),
    type: optional(Choice(['bind', 'volume', 'tmpfs'], 'Kind of mount (volume)')),
    read_only: flag('Mount read-only'),
    tmpfs_size: optional(Size('Size of a tmpfs')),
  },
  { additionalProperties: false },
);

const network = Type.Object(
  {
    name: Type.String({ description: 'Network' }),
    aliases: list('Names of the container in this network'),
    ipv4_address: text('Its IPv4 address there'),
    ipv6_address: text('Its IPv6 address there'),
    links: list('Containers to link to'),
  },
  { additionalProperties: false },
);

const registryLogin = Type.Object(
  {
    username: Type.String({ description: 'User of the registry' }),
    password: Type.String({ description: 'Password or token' }),
    serveraddress: text('Address of the registry'),
  },
  { additionalProperties: false, description: 'Login for the registry that images are pulled from' },
);

/** The `login` argument of the modules that pull. */
export const login = optional(registryLogin);

/** Properties for a module's `args`. */
export const containerSettings = {
  command: words('Command and its arguments'),
  entrypoint: list("Takes the place of the image's entrypoint"),
  env: scalars('Environment variables'),
  labels: scalars('Labels'),
  published_ports: optional(
    Type.Array(Port, { description: 'Ports to publish: "80", "8080:80", "127.0.0.1:8080:80/tcp", ranges' }),
  ),
  publish_all_ports: flag('Publish every exposed port on a port that Docker chooses'),
  exposed_ports: optional(Type.Array(Port, { description: 'Ports to expose to other containers' })),
  volumes: list('"host:container[:options]", "name:container", or a path in the container'),
  mounts: optional(Type.Array(mount, { description: 'Mounts in the long form' })),
  volumes_from: list('Containers whose volumes are mounted'),
  tmpfs: list('"path[:options]" of tmpfs mounts'),
  network_mode: text('default, bridge, host, none, container:NAME or a network'),
  networks: optional(
    Type.Array(network, { description: 'Networks to be connected to; the first is the one it starts with' }),
  ),
  restart_policy: optional(
    Choice(['no', 'on-failure', 'always', 'unless-stopped'], 'When Docker starts it again'),
  ),
  restart_retries: whole('How often, with on-failure'),
  hostname: text('Host name inside'),
  domainname: text('Domain name inside'),
  user: text('User, or uid[:gid]'),
  working_dir: text('Working directory'),
  shm_size: optional(Size('Size of /dev/shm')),
  memory: optional(Size('Limit of memory')),
  memory_swap: optional(Size('Limit of memory and swap together; unlimited for no limit')),
  memory_reservation: optional(Size('Soft limit of memory')),
  cpus: optional(Type.Number({ description: 'How many processors it may use' })),
  cpu_shares: whole('Relative weight of CPU time'),
  cpuset_cpus: text('Processors it may use, such as 0,1 or 0-3'),
  pids_limit: whole('Limit of processes'),
  healthcheck: optional(healthcheck),
  stop_timeout: whole('Seconds between the signal to stop and the kill'),
  stop_signal: text('Signal to stop, such as SIGTERM'),
  privileged: flag('Give all rights on the host'),
  capabilities: list('Capabilities to add'),
  cap_drop: list('Capabilities to drop'),
  security_opts: list('Security options'),
  groups: list('Further groups, as gid or name'),
  devices: list('"host[:container[:permissions]]" of devices'),
  ulimits: list('"name:soft[:hard]"'),
  sysctls: scalars('Kernel parameters of its namespaces'),
  dns_servers: list('Name servers'),
  dns_search_domains: list('Search domains'),
  etc_hosts: optional(
    Type.Record(Type.String(), Type.String(), { description: 'Names to addresses for /etc/hosts' }),
  ),
  log_driver: text('Log driver'),
  log_options: scalars('Options of the log driver'),
  init: flag('Run an init as process 1'),
  tty: flag('Give it a terminal'),
  interactive: flag('Keep stdin open'),
  read_only: flag('Mount its root read-only'),
  auto_remove: flag('Docker removes it when it ends'),
  ipc_mode: text('IPC namespace'),
  pid_mode: text('PID namespace'),
  userns_mode: text('User namespace'),
  runtime: text('Container runtime'),
  platform: text('Platform of the image, such as linux/arm64'),
  login,
};
