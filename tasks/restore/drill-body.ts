/** The container of a drill: as the backup's manifest has it, but that it reaches nobody and nobody reaches it. */
import type { Value, ValueMap } from '../../src/core/value.ts';
import { digList, digMap, digText } from '../docker/dig.ts';
import { volumes } from '../gitlab/gitlab.ts';
import { DRILL_LABELS } from './drill-job.ts';
import { muted } from './twin.ts';

export interface DrillBodyParts {
  /** `Config` and `HostConfig` of a manifest. */
  readonly configuration: ValueMap;
  /** With its secrets, as far as they are known. */
  readonly env: readonly string[];
  readonly image: string;
  readonly number: number;
  /** The instance's own. */
  readonly directory: string;
  /** With data, config and log. */
  readonly scratch: string;
  readonly network: string;
  readonly selinux: boolean;
}

const CONFIG = 'GITLAB_OMNIBUS_CONFIG=';

/** The body of POST /containers/create. Its labels make it nobody's instance. */
export function drillBody(parts: DrillBodyParts): ValueMap {
  const { MacAddress: _, ...config } = digMap(parts.configuration, 'Config');
  return {
    ...config,
    Image: parts.image,
    Env: parts.env.map(one => (one.startsWith(CONFIG) ? CONFIG + muted(one.slice(CONFIG.length)) : one)),
    Labels: { [DRILL_LABELS.number]: String(parts.number), [DRILL_LABELS.root]: parts.directory },
    ExposedPorts: {},
    HostConfig: hostConfig(parts),
    NetworkingConfig: { EndpointsConfig: { [parts.network]: {} } },
  };
}

/** What it shared with the host or with other containers is left out; what else was mounted can be read only. */
function hostConfig({ configuration, scratch, network, selinux }: DrillBodyParts): ValueMap {
  const {
    VolumesFrom: _volumes,
    Links: _links,
    PidMode: _pid,
    IpcMode: _ipc,
    UTSMode: _uts,
    ContainerIDFile: _file,
    ...before
  } = digMap(configuration, 'HostConfig');
  const own = Object.entries(volumes).map(
    ([volume, inside]) => `${scratch}/${volume}:${inside}${selinux ? ':Z' : ''}`,
  );
  const binds = digList(before, 'Binds')
    .map(String)
    .filter(bind => !isOwn(bind.split(':')[1] ?? ''));
  const mounts = digList(before, 'Mounts').filter(mount => !isOwn(digText(mount, 'Target')));
  return {
    ...before,
    NetworkMode: network,
    PortBindings: {},
    PublishAllPorts: false,
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    AutoRemove: false,
    // The instances that people use come first.
    CpuShares: 256,
    Binds: [...own, ...binds.map(readOnlyBind)],
    ...(mounts.length === 0 ? { Mounts: [] } : { Mounts: mounts.map(readOnlyMount) }),
  };
}

function isOwn(inside: string): boolean {
  return Object.values(volumes).some(path => path === inside);
}

function readOnlyBind(bind: string): string {
  const [source = '', inside = '', options = ''] = bind.split(':');
  const kept = options.split(',').filter(word => !['', 'rw', 'ro', 'Z'].includes(word));
  return [source, inside, [...kept, 'ro'].join(',')].join(':');
}

function readOnlyMount(mount: Value): ValueMap {
  return { ...digMap(mount), ReadOnly: true };
}
