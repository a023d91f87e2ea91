/** From what was asked and what was seen to what would be restored, or every reason against it. */
import type { RemoteDriver } from '../remotes/remote.ts';
import { draft, draftOld } from './draft.ts';
import { hostProblems } from './host-problems.ts';
import {
  addressProblems,
  containerProblems,
  isTwin,
  living,
  numberProblems,
  twinProblems,
} from './plan-place.ts';
import { chooseSource, type Source } from './plan-source.ts';
import type { Drafted, Restoration, Seen } from './restoration.ts';
import { directoryOf, type RestoreArgs } from './restore-args.ts';

export type Judged = { readonly problems: readonly string[] } | { readonly restoration: Restoration };

/** @param driver of the remote that the backup is on */
export function judgeRestore(given: RestoreArgs, seen: Seen, driver: RemoteDriver | undefined): Judged {
  const source = chooseSource(given, seen);
  const problems = [...hostProblems(seen, driver), ...containerProblems(given, seen.container)];
  if ('problem' in source) return { problems: [source.problem, ...problems] };
  const alive = living(given, seen);
  const first = [
    ...problems,
    ...numberProblems(given, seen, directoryOf(given), source.identity),
    ...(source.identity === '' ? [noSecrets(source)] : []),
    ...twinProblems(given, source.identity, alive),
  ];
  const { manifest } = source;
  const twin = isTwin(given, source.identity, alive);
  const drafted: Drafted =
    manifest === undefined ? draftOld(given, seen, twin) : draft(given, seen, manifest, twin);
  if (drafted.target === undefined) return { problems: [...first, ...drafted.problems] };
  const all = [...first, ...drafted.problems, ...addressProblems(given, seen, drafted.target)];
  if (all.length > 0) return { problems: all };
  const unknown = source.identity === undefined && given.twin === 'refuse' ? alive : [];
  const { problems: _, ...rest } = drafted;
  return { restoration: { ...rest, source, unknown: unknown.filter(({ sha256 }) => sha256 !== '') } };
}

function noSecrets({ date }: Source): string {
  return `the backup of ${date} has no config/gitlab-secrets.json: without it GitLab cannot read the passwords and tokens in its database`;
}
