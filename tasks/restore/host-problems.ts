/** Whether a host can run what a backup holds: its tools, its Docker, its processor. */
import type { Manifest } from '../../src/core/backup/manifest.ts';
import type { ValueMap } from '../../src/core/value.ts';
import type { Survey } from '../backup/survey.ts';
import { digList, digText } from '../docker/dig.ts';
import type { RemoteDriver } from '../remotes/remote.ts';
import type { HostLook } from './survey.ts';

/** What is missing on the host; in plan mode (`supposed`) an earlier task may bring it. */
export function hostProblems(
  {
    survey,
    host,
    supposed = false,
  }: { readonly survey: Survey; readonly host: HostLook; readonly supposed?: boolean },
  driver: RemoteDriver | undefined,
): readonly string[] {
  if (supposed) return [];
  const packages = new Map((driver?.needs ?? []).map(need => [need.program, need.package]));
  return [
    ...(survey.docker === ''
      ? [
          "neither docker's command nor a curl that speaks to sockets is on this host: install one (package: name=curl)",
        ]
      : []),
    ...(survey.lacking.length === 0
      ? []
      : [`GNU's ${survey.lacking.join(', ')} must be on this host: install coreutils, findutils, sed`]),
    ...host.missing.map(
      program =>
        `${program} is not on this host: install it (package: name=${packages.get(program) ?? program})`,
    ),
  ];
}

export function architectureProblems({ architecture }: Manifest, info: ValueMap): readonly string[] {
  const here = digText(info, 'Architecture');
  return here === '' || architecture === '' || here === architecture
    ? []
    : [
        `the backup is of a machine of architecture ${architecture}, and this host is ${here}: PostgreSQL's files cannot be read there`,
      ];
}

export function hasSELinux(info: ValueMap): boolean {
  return digList(info, 'SecurityOptions').some(option => String(option).includes('name=selinux'));
}
