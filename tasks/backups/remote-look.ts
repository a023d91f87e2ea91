/** The backups of a host's instances that lie on a remote, read by its driver. */
import type { Manifest } from '../../src/core/backup/manifest.ts';
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { Step, StepOutput } from '../../src/core/step.ts';
import { driverOf } from '../remotes/driver.ts';
import type { Remote } from '../remotes/remote.ts';
import { filesEnv, scratchText } from '../remotes/setup.ts';
import { readManifest } from './look.ts';

/** `unknown`: the remote did not answer. */
export interface FoundThere {
  readonly instance: number;
  readonly where: string;
  readonly name: string;
  readonly kind: 'backup' | 'broken' | 'unknown';
  readonly problem?: string;
  readonly manifest?: Manifest;
}

/**
 * A step for a remote, and not a probe: it may take its time, and needs secrets.
 * @param host what this host is called on the remote
 */
export function lookStep(remote: Remote, host: string, root: string, instances: readonly number[]): Step {
  const drivers = instances.map(instance => driverOf(remote, { host, instance }));
  const [first] = drivers;
  const texts = drivers.map(({ text }, i) => ofInstance(text, instances[i] ?? 0));
  return {
    say: `look at the backups on remote ${remote.name}`,
    changes: false,
    action: {
      kind: 'script',
      text:
        first === undefined
          ? sh`:`
          : joinSh([scratchText({ ...first, text: sh`:` }, root), ...texts, sh`exit 0`]),
      limit: 900,
      success: 'any',
      ...(first === undefined ? {} : { env: filesEnv(first) }),
    },
  };
}

/** FS, number, GS, then what the driver prints; or a second GS and its objection. */
function ofInstance(text: Sh, instance: number): Sh {
  return sh`(
home=$root/noeud-gitlab-${instance}/.girofle
${text}
printf '\034%s\035' ${instance}
if remote_manifests >"$run/listing"; then cat "$run/listing"; else printf '\035%s' "$objection"; fi
)`;
}

export function readLookStep(
  remote: Remote,
  instances: readonly number[],
  output: StepOutput | undefined,
): readonly FoundThere[] {
  const sections = (output?.stdout ?? '')
    .split('\x1c')
    .slice(1)
    .map(section => section.split('\x1d'));
  const silent = output?.stderr.trim().split('\n').at(-1) || 'it was not asked';
  return instances.flatMap(instance => {
    const section = sections.find(([number]) => Number(number) === instance);
    const base = { instance, where: remote.name };
    if (section === undefined) return [{ ...base, name: '', kind: 'unknown' as const, problem: silent }];
    const [, records = '', objection] = section;
    if (objection !== undefined)
      return [{ ...base, name: '', kind: 'unknown' as const, problem: objection.trim() }];
    return records
      .split('\x1e')
      .slice(0, -1)
      .map(record => describe(base, record));
  });
}

function describe(base: Pick<FoundThere, 'instance' | 'where'>, record: string): FoundThere {
  const [name = '', text = ''] = record.trim().split('\x1f');
  const read = readManifest(text, name);
  return 'problem' in read
    ? { ...base, name, kind: 'broken', problem: read.problem }
    : { ...base, name, kind: 'backup', manifest: read.manifest };
}
