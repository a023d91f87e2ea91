/** The container of a restored instance: as the backup's manifest has it, at its new place. */
import type { Value, ValueMap } from '../../src/core/value.ts';
import { compact, dig, digList, digMap, digNumber, digText } from '../docker/dig.ts';
import { ruby } from '../gitlab/config.ts';
import { LABELS, showPorts, volumes } from '../gitlab/gitlab.ts';
import type { Identity } from './target.ts';

const CONFIG = 'GITLAB_OMNIBUS_CONFIG=';

export interface BodyParts {
  /** `Config`, `HostConfig` and `Networks` of a manifest. */
  readonly configuration: ValueMap;
  /** With its secrets. */
  readonly env: readonly string[];
  readonly image: string;
  readonly was: Identity;
  readonly target: Identity;
  /** What becomes of GITLAB_OMNIBUS_CONFIG at last. */
  readonly adjust: (config: string) => string;
  /** The host's Docker labels files for SELinux. */
  readonly selinux: boolean;
}

/** The body of POST /containers/create; Docker is not to start it by itself yet. */
export function containerBody(parts: BodyParts): ValueMap {
  const { configuration, target, image } = parts;
  const [first] = ownNetworks(configuration);
  return {
    ...digMap(configuration, 'Config'),
    Image: image,
    Hostname: target.hostname,
    Env: parts.env.map(variable => adjusted(variable, parts)),
    Labels: labelsOf(digMap(configuration, 'Config', 'Labels'), target),
    HostConfig: hostConfig(parts),
    ...(first === undefined
      ? {}
      : { NetworkingConfig: { EndpointsConfig: { [first.name]: first.endpoint } } }),
  };
}

interface Network {
  readonly name: string;
  readonly endpoint: ValueMap;
}

/** Networks that somebody made. Docker adds the container's short id to the aliases by itself. */
export function ownNetworks(configuration: ValueMap): readonly Network[] {
  return Object.entries(digMap(configuration, 'Networks'))
    .filter(([name]) => !['bridge', 'default', 'host', 'none'].includes(name))
    .map(([name, asked]) => ({
      name,
      endpoint: compact({
        IPAMConfig: dig(asked, 'IPAMConfig') ?? undefined,
        Links: dig(asked, 'Links') ?? undefined,
        Aliases: digList(asked, 'Aliases').filter(alias => !/^[0-9a-f]{12}$/.test(String(alias))),
        DriverOpts: dig(asked, 'DriverOpts') ?? undefined,
      }),
    }));
}

function labelsOf(labels: ValueMap, target: Identity): ValueMap {
  return {
    ...labels,
    [LABELS.number]: String(target.number),
    [LABELS.root]: target.directory,
    [LABELS.address]: target.address,
    [LABELS.ports]: showPorts(target.ports),
    [LABELS.url]: target.url,
  };
}

function hostConfig({ configuration, was, target, selinux }: BodyParts): ValueMap {
  const before = digMap(configuration, 'HostConfig');
  const mounts = digList(before, 'Mounts').map(mount => placedMount(mount, target.directory));
  const binds = digList(before, 'Binds').map(bind => placedBind(String(bind), target.directory, selinux));
  const bound = [...mounts.map(mount => digText(mount, 'Target')), ...binds.map(bind => bind.split(':')[1])];
  const lacking = Object.entries(volumes)
    .filter(([, inside]) => !bound.includes(inside))
    .map(([volume, inside]) => bindOf(target.directory, volume, inside, selinux ? 'Z' : ''));
  return {
    ...before,
    // The driver gives it its own once it is healthy.
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    Binds: [...binds, ...lacking],
    ...(mounts.length === 0 ? {} : { Mounts: mounts }),
    PortBindings: portBindings(digMap(before, 'PortBindings'), was, target),
  };
}

function volumeAt(inside: string): string | undefined {
  return Object.entries(volumes).find(([, path]) => path === inside)?.[0];
}

function bindOf(directory: string, volume: string, inside: string, options: string): string {
  return `${directory}/mapping-volumes/${volume}:${inside}${options === '' ? '' : `:${options}`}`;
}

function placedBind(bind: string, directory: string, selinux: boolean): string {
  const [, inside = '', options = ''] = bind.split(':');
  const volume = volumeAt(inside);
  if (volume === undefined) return bind;
  const words = options.split(',').filter(word => word !== '');
  const labelled = words.some(word => word.toLowerCase() === 'z');
  return bindOf(directory, volume, inside, [...words, ...(selinux && !labelled ? ['Z'] : [])].join(','));
}

function placedMount(mount: Value, directory: string): Value {
  const volume = volumeAt(digText(mount, 'Target'));
  if (volume === undefined) return mount;
  return { ...digMap(mount), Type: 'bind', Source: `${directory}/mapping-volumes/${volume}` };
}

/** The three of an instance; what else it publishes moves with its address. */
function portBindings(before: ValueMap, was: Identity, target: Identity): ValueMap {
  const own = { '80/tcp': target.ports.http, '443/tcp': target.ports.https, '22/tcp': target.ports.ssh };
  const others = Object.entries(before).map(([inside, bindings]): [string, Value] => [
    inside,
    digList(bindings).map(binding =>
      digText(binding, 'HostIp') === was.address ? { ...digMap(binding), HostIp: target.address } : binding,
    ),
  ]);
  const three = Object.entries(own).map(([inside, port]): [string, Value] => [
    inside,
    [{ HostIp: target.address, HostPort: String(port) }],
  ]);
  return Object.fromEntries([...others, ...three]);
}

function adjusted(variable: string, { was, target, adjust }: BodyParts): string {
  if (!variable.startsWith(CONFIG)) return variable;
  return CONFIG + adjust(moved(variable.slice(CONFIG.length), was, target));
}

/** Lines that gitlab_instance makes of URL and ports are made again; those that a user wrote otherwise stay. */
export function moved(config: string, was: Identity, target: Identity): string {
  const before = derived(was);
  const after = derived(target);
  const lines = config.split('\n').flatMap(line => {
    const [key] = Object.entries(before).find(([, written]) => written === line) ?? [];
    return key === undefined ? [line] : [after[key] ?? ''].filter(written => written !== '');
  });
  const url = lines.indexOf(after.url ?? '');
  const lacksListen =
    after.listen !== '' && before.listen === '' && url >= 0 && !lines.includes(after.listen ?? '');
  return lines
    .flatMap((line, i) => (lacksListen && i === url ? [line, after.listen ?? ''] : [line]))
    .join('\n');
}

function derived({ url, ports }: Identity): Readonly<Record<string, string>> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const inside = parsed?.protocol === 'https:' ? 443 : 80;
  return {
    url: `external_url ${ruby(url)}`,
    ssh: `gitlab_rails['gitlab_shell_ssh_port'] = ${ports.ssh}`,
    listen: parsed === undefined || parsed.port === '' ? '' : `nginx['listen_port'] = ${inside}`,
  };
}

/** As docker's --restart has it: `always`, `on-failure:3`. */
export function restartOf(configuration: ValueMap): string {
  const policy = dig(configuration, 'HostConfig', 'RestartPolicy');
  const [name, count] = [digText(policy, 'Name'), digNumber(policy, 'MaximumRetryCount')];
  if (name === '') return 'no';
  return name === 'on-failure' && count > 0 ? `${name}:${count}` : name;
}
