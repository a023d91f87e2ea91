/**
 * What is asked of an instance that came up from a backup: GitLab's own checks, PostgreSQL's, and git's. A check that could
 * not be run is told as that, and never as passed.
 */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { DockerWay } from '../host-run/run.ts';
import { fsckText, insideText } from './inside.ts';

export interface HealthCheckSettings {
  readonly docker: DockerWay['docker'];
  /** How many repositories `git fsck` looks at, taken by chance. */
  readonly repositories: number | 'all';
  /**
   * The container is a drill's, and goes away afterwards: PostgreSQL may be given the extension amcheck, and be stopped for
   * pg_checksums; what needs the world outside (LDAP, incoming mail) is not asked.
   */
  readonly scratch: boolean;
  /** Seconds for each check. */
  readonly limit?: number;
}

/**
 * `check_instance_health CONTAINER-ID VOLUMES` (the folder with data, config and log) sets `health`, a part of a JSON
 * object: `"checks":{"gitlab:check":"passed",...}`, each of them `passed` (a remark may follow), `failed: WHY` or `not run: WHY`; it gives 1, and in `unhealthy` a sentence, when one of them failed.
 * Needs `basicsText`, `run` and `socket`.
 */
export function healthChecksText(settings: HealthCheckSettings): Sh {
  const { docker, repositories, scratch, limit = 1800 } = settings;
  return joinSh([
    sh`check_limit=${limit} check_repositories=${repositories} scratch=${scratch ? 'yes' : 'no'}`,
    insideText(docker),
    fsckText,
    outcomeText,
    railsText,
    postgresText,
    gitText,
    sh`check_instance_health() {
  checked=$1 checked_volumes=$2 notes= unhealthy=
  inside "$checked" 0:0 120 look >"$run/check-look" 2>&1
  blind=
  if ! grep -qx looked "$run/check-look"; then blind="no command can be run in the container: $(tail -n 1 "$run/check-look")"; fi
  check_rails
  check_amcheck
  check_git
  check_checksums
  health="\"checks\":{\${notes#,}}"
  [ -z "$unhealthy" ]
}
has_tool() { grep -qx "tool $1" "$run/check-look"; }
looked_at() { sed -n "s/^$1 //p" "$run/check-look"; }`,
  ]);
}

/** The first words of an outcome are what counts. */
const outcomeText: Sh = sh`note() {
  notes="$notes,\"$1\":\"$(text "$2")\""
  case $2 in failed*) unhealthy="\${unhealthy:+$unhealthy; }$1 $2" ;; esac
}
# run_inside UID:GID COMMAND...: what it says is in $said, its exit code in code; without one, why is in reason.
run_inside() {
  said=$run/check-output
  checked_user=$1
  shift
  inside "$checked" "$checked_user" $((check_limit + 60)) run "$check_limit" "$@" >"$said.raw" 2>&1
  escape=$(printf '\033')
  sed "s/$escape\[[0-9;]*[A-Za-z]//g" "$said.raw" | grep -v '^ended [0-9]*$' | grep -v '^$' | tail -n 2000 >"$said"
  code=$(sed -n 's/^ended \([0-9]*\)$/\1/p' "$said.raw" | tail -n 1)
  rm -f "$said.raw"
  reason=
  case $code in
    '') reason="it had no end in the container: $(last_words)" ;;
    124|137|143) reason="it had no end after $check_limit s" ;;
    126|127) reason="it cannot be run in the container: $(last_words)" ;;
  esac
  [ -z "$reason" ]
}
last_words() { tail -n "\${1:-1}" "$said" | tr '\n' ' ' | cut -c 1-300 | sed 's/ *$//'; }
chosen_lines() { grep -a "$1" "$said" | head -n 3 | sed 's/^.*INFO -- : //; s/^[- ]*//' | tr '\n' ';' | sed 's/;$//; s/;/; /g' | cut -c 1-300; }`;

/**
 * Both end with 0 whatever they find, so that their words count. In gitlab:check a component that does not work is a failure;
 * an advice about the host's configuration that the original got as well is a remark.
 */
const railsText: Sh = sh`broken='FAIL\|self-check failed\|nternal API unreachable\|All migrations up? \.\.\. no\|Running? \.\.\. no\|rake aborted'
check_rails() {
  tasks='gitlab:check'
  if [ "$scratch" = yes ]; then tasks='gitlab:gitaly:check gitlab:gitlab_shell:check gitlab:sidekiq:check gitlab:app:check'; fi
  if ! rails_there gitlab:check; then rails_there gitlab:doctor:secrets; return; fi
  if ! run_inside 0:0 gitlab-rake $tasks SANITIZE=true; then note gitlab:check "not run: $reason"
  elif grep -aq "$broken" "$said"; then note gitlab:check "failed: $(chosen_lines "$broken")"
  elif [ "$code" != 0 ]; then note gitlab:check "failed: $(last_words 3)"
  elif grep -aq '\.\.\. no$' "$said"; then note gitlab:check "passed, with advice: $(chosen_lines '\.\.\. no$')"
  else note gitlab:check passed
  fi
  if ! run_inside 0:0 gitlab-rake gitlab:doctor:secrets; then note gitlab:doctor:secrets "not run: $reason"
  elif [ "$code" != 0 ]; then note gitlab:doctor:secrets "failed: $(last_words 3)"
  elif grep -aq 'failures: [1-9]' "$said"; then note gitlab:doctor:secrets "failed: $(chosen_lines 'failures: [1-9]')"
  else note gitlab:doctor:secrets passed
  fi
}
rails_there() {
  if [ -n "$blind" ]; then note "$1" "not run: $blind"; return 1; fi
  if ! has_tool gitlab-rake; then note "$1" 'not run: the image has no gitlab-rake'; return 1; fi
}`;

/** As the cluster's owner, who may log in as himself. pg_amcheck ends with 2 for damage, with 1 when it cannot look. */
const postgresText: Sh = sh`postgres_there() {
  cluster=$(looked_at cluster)
  if [ -n "$blind" ]; then note "$1" "not run: $blind"; return 1; fi
  if [ -z "$cluster" ]; then note "$1" 'not run: the instance has no PostgreSQL of its own'; return 1; fi
  if ! has_tool "$1"; then note "$1" "not run: the image has no $1"; return 1; fi
}
check_amcheck() {
  if ! postgres_there pg_amcheck; then return; fi
  server=$(looked_at server)
  if [ -z "$server" ]; then note pg_amcheck 'not run: PostgreSQL does not run in the container'; return; fi
  install=
  if [ "$scratch" = yes ]; then install=--install-missing; fi
  run_inside "\${cluster%% *}" pg_amcheck --all --no-password -h "\${server#* }" -p "\${server%% *}" $install
  if [ -n "$reason" ]; then note pg_amcheck "not run: $reason"
  elif [ "$code" = 0 ] && grep -aq 'amcheck is not installed' "$said"; then note pg_amcheck "passed, but: $(chosen_lines 'amcheck is not installed')"
  elif [ "$code" = 0 ]; then note pg_amcheck passed
  elif [ "$code" = 2 ]; then note pg_amcheck "failed: $(chosen_lines '^[^A-Z]')"
  elif grep -aq 'amcheck is not installed\|role ".*" does not exist\|no relations to check\|could not open extension control file\|extension "amcheck" is not available' "$said"; then note pg_amcheck "not run: $(last_words)"
  else note pg_amcheck "failed: $(last_words)"
  fi
}
check_checksums() {
  if ! postgres_there pg_checksums; then return; fi
  if [ "$scratch" != yes ]; then note pg_checksums 'not run: it needs a PostgreSQL that is stopped, as in a drill'; return; fi
  if has_tool gitlab-ctl; then run_inside 0:0 gitlab-ctl stop postgresql
  elif has_tool pg_ctl; then run_inside "\${cluster%% *}" pg_ctl -D "\${cluster#* }" -m fast -w stop
  fi
  run_inside "\${cluster%% *}" pg_checksums --check -D "\${cluster#* }"
  if [ -n "$reason" ]; then note pg_checksums "not run: $reason"
  elif [ "$code" = 0 ]; then note pg_checksums passed
  elif grep -aq 'must be shut down\|not enabled in cluster' "$said"; then note pg_checksums "not run: $(last_words)"
  else note pg_checksums "failed: $(last_words 5)"
  fi
}`;

/** By the container's git as the repositories' owner; else by the host's. */
const gitText: Sh = sh`check_git() {
  said=$run/check-output
  owner=$(looked_at repositories)
  repositories=$checked_volumes/data/git-data/repositories
  if [ -z "$blind" ] && has_tool git && [ -n "$owner" ]; then
    inside "$checked" "$owner" $((check_limit + 60)) fsck "$check_repositories" "$check_limit" >"$said" 2>&1
  elif [ ! -d "$repositories" ]; then note 'git fsck' 'not run: the instance has no repositories'; return
  elif command -v git >/dev/null 2>&1; then fsck_all "$repositories" "$check_repositories" "$check_limit" >"$said" 2>&1
  else note 'git fsck' 'not run: neither the image nor this host has git'; return
  fi
  set -- $(sed -n 's/^fsck \([0-9 ]*\)$/\1/p' "$said" | tail -n 1)
  if [ "\${4:-0}" -gt 0 ]; then note 'git fsck' "failed: $4 of $1 repositories are damaged: $(sed -n 's/^bad //p' "$said" | head -n 3 | tr '\n' ';' | sed 's/;$//; s/;/; /g' | cut -c 1-400)"
  elif [ $# != 5 ]; then note 'git fsck' "not run: it had no end: $(last_words)"
  elif [ "$3" = 0 ]; then note 'git fsck' 'not run: the instance has no repositories'
  elif [ "$5" = 1 ]; then note 'git fsck' "not run: $check_limit s were over after $1 of $2 repositories"
  else note 'git fsck' "passed, $1 of $3 repositories"
  fi
}`;
