/** Shell for apt-get: never asks, waits for other package managers, says what it does. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { Step } from '../../src/core/step.ts';
import type { AptArgs } from './apt-args.ts';

const ENV = { DEBIAN_FRONTEND: 'noninteractive', DEBIAN_PRIORITY: 'critical', LC_ALL: 'C' };

/**
 * `locked COMMAND...` runs it again while another process holds a lock, until `$end`. apt's own option waits only for
 * dpkg's front-end lock, and not before version 1.9.11.
 */
const LOCKED = sh`
PATH=$PATH:/usr/sbin:/sbin; export PATH
log=$(mktemp) || exit 1
restore=:
trap 'rm -f "$log"; $restore' EXIT
locked() {
  while :; do
    code=0; "$@" 2>"$log" || code=$?
    if [ "$code" -ne 0 ] && grep -q -e 'Could not get lock' -e 'Unable to acquire' -e 'Unable to lock' "$log" && [ "$(date +%s)" -lt "$end" ]; then
      echo 'waiting for another package manager to finish'
      sleep 2
    else
      cat "$log" >&2
      return "$code"
    fi
  done
}`;

function wait({ lock_timeout }: AptArgs): Sh {
  return joinSh([LOCKED, sh`end=$(($(date +%s) + ${lock_timeout}))`]);
}

export function aptStep(
  say: string,
  text: Sh,
  args: AptArgs,
  more: Partial<Pick<Step, 'changes'>> = {},
): Step {
  return {
    say,
    streams: true,
    ...more,
    action: { kind: 'script', text: joinSh([wait(args), text]), env: ENV },
  };
}

/** A command that changes packages, with the options that the arguments ask for. */
export function aptGet(command: readonly string[], args: AptArgs): Sh {
  return joinSh([...policy(args), sh`locked apt-get -y -q ${[...options(args), ...command]}`]);
}

function options(args: AptArgs): readonly string[] {
  return [
    ...args.dpkg_options
      .split(',')
      .filter(option => option !== '')
      .flatMap(option => ['-o', `Dpkg::Options::=--${option}`]),
    ...['-o', `DPkg::Lock::Timeout=${args.lock_timeout}`],
    ...(args.default_release === undefined ? [] : ['-t', args.default_release]),
    ...(args.install_recommends === undefined
      ? []
      : ['-o', `APT::Install-Recommends=${args.install_recommends}`]),
    ...(args.only_upgrade ? ['--only-upgrade'] : []),
    ...(args.fail_on_autoremove ? ['--no-remove'] : []),
    ...(args.force ? ['--allow-remove-essential'] : []),
    ...(args.force || args.allow_unauthenticated ? ['--allow-unauthenticated'] : []),
    ...(args.force || args.allow_downgrade ? ['--allow-downgrades'] : []),
    ...(args.force || args.allow_change_held_packages ? ['--allow-change-held-packages'] : []),
  ];
}

/** While packages change, policy-rc.d answers with the code asked for; then it is as it was. */
function policy({ policy_rc_d: code }: AptArgs): readonly Sh[] {
  if (code === undefined) return [];
  return [
    sh`
kept=$(mktemp -d) || exit 1
policy=/usr/sbin/policy-rc.d
if [ -e "$policy" ]; then mv "$policy" "$kept/policy-rc.d" || exit 1; fi
put_back() { rm -f "$policy"; if [ -e "$kept/policy-rc.d" ]; then mv "$kept/policy-rc.d" "$policy"; fi; rmdir "$kept"; }
restore=put_back
printf '#!/bin/sh\nexit %s\n' ${code} > "$policy" && chmod 0755 "$policy" || exit 1`,
  ];
}

/** Fetches the package lists; tries again with growing pauses. The folder's time tells later runs how old they are. */
export function aptUpdate({
  update_cache_retries: tries,
  update_cache_retry_max_delay: longest,
}: AptArgs): Sh {
  return sh`
try=1; pause=1
until locked apt-get -q -o APT::Update::Error-Mode=any update; do
  [ "$try" -lt ${tries} ] || exit 100
  [ "$pause" -le ${longest} ] || pause=${longest}
  echo "the package lists could not be fetched, trying again in $pause s"
  sleep "$pause"
  try=$((try + 1)); pause=$((pause * 2))
done
touch -c /var/lib/apt/lists`;
}
