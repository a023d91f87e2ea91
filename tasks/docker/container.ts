/** A container as declared: from settings in Ansible's words to the body of Docker's create call. */

import type { Value, ValueMap } from '../../src/core/value.ts';
import { splitWords } from '../../src/core/words.ts';
import { compact, digList } from './dig.ts';
import { endpointOf, type NetworkAttachment } from './endpoints.ts';
import { exposedPorts, portBindings } from './ports.ts';
import type { RegistryLogin } from './pull.ts';
import { bytes, nanoseconds } from './units.ts';

type Text = string | number | boolean;
type Duration = string | number;
type Bytes = string | number;

interface HealthSettings {
  readonly test?: string | readonly string[];
  readonly interval?: Duration;
  readonly timeout?: Duration;
  readonly retries?: number;
  readonly start_period?: Duration;
}

interface MountSettings {
  readonly target: string;
  readonly source?: string;
  readonly type?: 'bind' | 'volume' | 'tmpfs';
  readonly read_only?: boolean;
  readonly tmpfs_size?: Bytes;
}

/** What may be declared of a container; what is not given is Docker's or the image's to decide, and is not compared. */
export interface ContainerSettings {
  readonly image: string;
  readonly command?: string | readonly string[];
  readonly entrypoint?: readonly string[];
  readonly env?: Readonly<Record<string, Text>>;
  readonly labels?: Readonly<Record<string, Text>>;
  readonly published_ports?: readonly (string | number)[];
  readonly publish_all_ports?: boolean;
  readonly exposed_ports?: readonly (string | number)[];
  readonly volumes?: readonly string[];
  readonly mounts?: readonly MountSettings[];
  readonly volumes_from?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly network_mode?: string;
  readonly networks?: readonly NetworkAttachment[];
  readonly restart_policy?: 'no' | 'on-failure' | 'always' | 'unless-stopped';
  readonly restart_retries?: number;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly user?: string;
  readonly working_dir?: string;
  readonly shm_size?: Bytes;
  readonly memory?: Bytes;
  readonly memory_swap?: Bytes;
  readonly memory_reservation?: Bytes;
  readonly cpus?: number;
  readonly cpu_shares?: number;
  readonly cpuset_cpus?: string;
  readonly pids_limit?: number;
  readonly healthcheck?: HealthSettings;
  readonly stop_timeout?: number;
  readonly stop_signal?: string;
  readonly privileged?: boolean;
  readonly capabilities?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opts?: readonly string[];
  readonly groups?: readonly string[];
  readonly devices?: readonly string[];
  readonly ulimits?: readonly string[];
  readonly sysctls?: Readonly<Record<string, Text>>;
  readonly dns_servers?: readonly string[];
  readonly dns_search_domains?: readonly string[];
  readonly etc_hosts?: Readonly<Record<string, string>>;
  readonly log_driver?: string;
  readonly log_options?: Readonly<Record<string, Text>>;
  readonly init?: boolean;
  readonly tty?: boolean;
  readonly interactive?: boolean;
  readonly read_only?: boolean;
  readonly auto_remove?: boolean;
  readonly ipc_mode?: string;
  readonly pid_mode?: string;
  readonly userns_mode?: string;
  readonly runtime?: string;
  readonly platform?: string;
  readonly login?: RegistryLogin;
}

function present<T, V extends Value>(given: T | undefined, convert: (given: T) => V): V | undefined {
  return given === undefined ? undefined : convert(given);
}

function texts(map: Readonly<Record<string, Text>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, String(value)]));
}

const list = (items: readonly string[]): string[] => [...items];

/** The body of POST /containers/create. */
export function createBody(settings: ContainerSettings): ValueMap {
  const body = compact({
    Image: settings.image,
    Cmd: present(settings.command, words),
    Entrypoint: present(settings.entrypoint, list),
    Env: present(settings.env, env => Object.entries(texts(env)).map(([name, value]) => `${name}=${value}`)),
    Labels: present(settings.labels, texts),
    Hostname: settings.hostname,
    Domainname: settings.domainname,
    User: settings.user,
    WorkingDir: settings.working_dir,
    StopTimeout: settings.stop_timeout,
    StopSignal: settings.stop_signal,
    Tty: settings.tty,
    OpenStdin: settings.interactive,
    Healthcheck: present(settings.healthcheck, health),
    ExposedPorts: exposedPorts(settings.published_ports, settings.exposed_ports),
    Volumes: anonymousVolumes(settings.volumes),
    HostConfig: hostConfig(settings),
  });
  const [first] = settings.networks ?? [];
  if (first === undefined || (settings.network_mode ?? first.name) !== first.name) return body;
  return { ...body, NetworkingConfig: { EndpointsConfig: { [first.name]: endpointOf(first) } } };
}

function words(command: string | readonly string[]): string[] {
  if (typeof command !== 'string') return [...command];
  const split = splitWords(command);
  return 'words' in split ? [...split.words] : [command];
}

function hostConfig(settings: ContainerSettings): ValueMap {
  return compact({
    Binds: present(settings.volumes, volumes => volumes.filter(isBind)),
    Mounts: present(settings.mounts, mounts => mounts.map(mount)),
    VolumesFrom: present(settings.volumes_from, list),
    Tmpfs: present(settings.tmpfs, tmpfs),
    PortBindings: present(settings.published_ports, portBindings),
    PublishAllPorts: settings.publish_all_ports,
    NetworkMode: settings.network_mode ?? settings.networks?.[0]?.name,
    RestartPolicy: present(settings.restart_policy, Name =>
      Name === 'on-failure' ? { Name, MaximumRetryCount: settings.restart_retries ?? 0 } : { Name },
    ),
    ShmSize: present(settings.shm_size, bytes),
    ...resources(settings),
    ...security(settings),
    Dns: present(settings.dns_servers, list),
    DnsSearch: present(settings.dns_search_domains, list),
    ExtraHosts: present(settings.etc_hosts, hosts =>
      Object.entries(hosts).map(([name, ip]) => `${name}:${ip}`),
    ),
    LogConfig: logConfig(settings),
    Init: settings.init,
    ReadonlyRootfs: settings.read_only,
    AutoRemove: settings.auto_remove,
    IpcMode: settings.ipc_mode,
    PidMode: settings.pid_mode,
    UsernsMode: settings.userns_mode,
    Runtime: settings.runtime,
  });
}

function resources(settings: ContainerSettings): Record<string, Value | undefined> {
  return {
    Memory: present(settings.memory, bytes),
    MemorySwap: present(settings.memory_swap, bytes),
    MemoryReservation: present(settings.memory_reservation, bytes),
    NanoCpus: present(settings.cpus, cpus => Math.round(cpus * 1e9)),
    CpuShares: settings.cpu_shares,
    CpusetCpus: settings.cpuset_cpus,
    PidsLimit: settings.pids_limit,
    Ulimits: present(settings.ulimits, ulimits => ulimits.map(ulimit)),
    Devices: present(settings.devices, devices => devices.map(device)),
    Sysctls: present(settings.sysctls, texts),
  };
}

function security(settings: ContainerSettings): Record<string, Value | undefined> {
  return {
    Privileged: settings.privileged,
    CapAdd: present(settings.capabilities, list),
    CapDrop: present(settings.cap_drop, list),
    SecurityOpt: present(settings.security_opts, list),
    GroupAdd: present(settings.groups, list),
  };
}

function logConfig({ log_driver, log_options }: ContainerSettings): ValueMap | undefined {
  if (log_driver === undefined && log_options === undefined) return undefined;
  return { Type: log_driver ?? 'json-file', Config: texts(log_options ?? {}) };
}

/** A check written as text runs in the container's shell; ['NONE'] switches the image's check off. */
function health({ test, interval, timeout, retries, start_period }: HealthSettings): ValueMap {
  return compact({
    Test: present(test, given => (typeof given === 'string' ? ['CMD-SHELL', given] : healthWords(given))),
    Interval: present(interval, nanoseconds),
    Timeout: present(timeout, nanoseconds),
    Retries: retries,
    StartPeriod: present(start_period, nanoseconds),
  });
}

function healthWords(test: readonly string[]): string[] {
  const [first = ''] = test;
  return ['CMD', 'CMD-SHELL', 'NONE'].includes(first) ? [...test] : ['CMD', ...test];
}

function isBind(volume: string): boolean {
  return volume.includes(':');
}

function anonymousVolumes(volumes: readonly string[] = []): ValueMap | undefined {
  const targets = volumes.filter(volume => !isBind(volume));
  return targets.length === 0 ? undefined : Object.fromEntries(targets.map(target => [target, {}]));
}

function mount({ target, source, type = 'volume', read_only, tmpfs_size }: MountSettings): ValueMap {
  return compact({
    Target: target,
    Source: source,
    Type: type,
    ReadOnly: read_only,
    TmpfsOptions: present(tmpfs_size, size => ({ SizeBytes: bytes(size) })),
  });
}

function tmpfs(mounts: readonly string[]): ValueMap {
  return Object.fromEntries(
    mounts.map(written => {
      const [target = '', options = ''] = written.split(':');
      return [target, options];
    }),
  );
}

/** `nofile:1024:2048` */
function ulimit(written: string): ValueMap {
  const [Name = '', soft = '0', hard = soft] = written.split(':');
  return { Name, Soft: Number(soft), Hard: Number(hard) };
}

/** `/dev/fuse:/dev/fuse:rwm` */
function device(written: string): ValueMap {
  const [onHost = '', inside = onHost, permissions = 'rwm'] = written.split(':');
  return { PathOnHost: onHost, PathInContainer: inside, CgroupPermissions: permissions };
}

/** Env entries `NAME=value` as a map. */
export function envMap(entries: Value | undefined): ReadonlyMap<string, string> {
  const pairs = digList(entries).map((entry): [string, string] => {
    const text = String(entry);
    const equals = text.indexOf('=');
    return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
  });
  return new Map(pairs);
}
