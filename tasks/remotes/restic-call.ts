/** How restic is called on the host, and what its words and exit codes mean. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { ResticRemote } from './remote.ts';

/** Files of the run's folder. */
export const secretsOf = ({ name }: ResticRemote) => `restic-${name}.env`;
export const passwordOf = ({ name }: ResticRemote) => `restic-${name}.password`;

/**
 * `restic_exec WORDS` becomes restic: for a subshell or the background. The repository and the credentials are in its
 * environment alone, the password in a file or with a command. `restic_cache` is shared by the instances of a host: without
 * it, each tree of the last backup would be a request of its own; '' stands for none, so that all is read from the storage.
 */
const execText = (remote: ResticRemote): Sh => sh`restic_name=${remote.name}
restic_state=\${home:-$run}/remotes/$restic_name
restic_cache=$run/restic-cache
if [ -n "$directory" ]; then restic_cache=\${directory%/*}/.girofle/restic-cache; fi
restic_exec() {
  . "$run/"${secretsOf(remote)} || exit 1
  if [ -e "$run/"${passwordOf(remote)} ]; then RESTIC_PASSWORD_FILE=$run/${passwordOf(remote)}; export RESTIC_PASSWORD_FILE; fi
  TZ=UTC RESTIC_PROGRESS_FPS=1 TMPDIR=$run HOME=\${HOME:-/root}
  PATH=/usr/local/bin:$PATH
  export TZ RESTIC_PROGRESS_FPS TMPDIR HOME PATH
  if [ -n "$restic_cache" ]; then set -- "$@" --cache-dir "$restic_cache"; else set -- "$@" --no-cache; fi
  exec restic "$@" ${optionsOf(remote)}
}`;

function optionsOf({ repository, options = [], cacert }: ResticRemote): readonly string[] {
  const ssh = options.some(option => /^sftp\.(command|args)=/.test(option)) ? [] : sftpOptions(repository);
  return [
    ...(cacert === undefined ? [] : ['--cacert', cacert]),
    ...[...options, ...ssh].flatMap(option => ['-o', option]),
  ];
}

/** restic's own command for ssh, but one that asks nothing, and notices that nobody answers any more. */
export function sftpOptions(repository: string): readonly string[] {
  const [, user, address, port] =
    /^sftp:\/\/(?:([^@/]+)@)?(\[[^\]]+\]|[^:/@]+)(?::(\d+))?\//.exec(repository) ??
    /^sftp:(?!\/\/)(?:([^@:/]+)@)?(\[[^\]]+\]|[^:/@]+):/.exec(repository) ??
    [];
  const host = address?.replace(/^\[(.*)\]$/, '$1');
  if (host === undefined || !/^[\w.:%-]+$/.test(host) || host.startsWith('-')) return [];
  if (user !== undefined && !/^[\w.@+-]+$/.test(user)) return [];
  const asked = `${port === undefined ? '' : ` -p ${port}`}${user === undefined ? '' : ` -l ${user}`}`;
  return [
    `sftp.command=ssh -o BatchMode=yes -o ServerAliveInterval=30 -o ServerAliveCountMax=4${asked} ${host} -s sftp`,
  ];
}

/**
 * `restic_judge CODE` makes of `$run/restic.err` an `ailment` (none: no repository; password, secret, locked, full, damage,
 * absent, other) and an `objection`, and gives 1 or 2. Before 0.17 nearly every failure has exit code 1.
 */
const judgeText: Sh = sh`damage_words='verification failed\|does not match\|is damaged\|invalid data returned\|not found in repository\|not found in index\|unexpected pack size'
restic_words() {
  words=$(grep -a 'already locked' "$run/restic.err" | head -n 1 | sed 's/^.*\(already locked.*\)/it is \1/; s/"}$//')
  if [ -z "$words" ]; then words=$(grep -a -i "$damage_words" "$run/restic.err" | head -n 1 | sed 's/"}$//'); fi
  if [ -z "$words" ]; then words=$(grep -a 'Fatal: ' "$run/restic.err" | head -n 1 | sed 's/^.*Fatal: //; s/"}$//'); fi
  if [ -z "$words" ]; then words=$(grep -a '^[^[:blank:]].* ' "$run/restic.err" | tail -n 1 | sed 's/"}$//'); fi
  printf '%s' "$words" | head -c 300 | sed 's#://\([^:/@ ]*\):[^@ ]*@#://\1:***@#g'
}
restic_err() { grep -a -i -q "$1" "$run/restic.err"; }
restic_ailment() {
  case $1 in
    10) echo none; return ;;
    11) echo locked; return ;;
    12) echo password; return ;;
    126|127) echo absent; return ;;
  esac
  if restic_err 'wrong password or no key found'; then echo password
  elif restic_err 'already locked'; then echo locked
  elif restic_err 'resolving password failed\|empty password\|password file\|password command'; then echo secret
  elif grep -a 'unable to open config file\|repository does not exist' "$run/restic.err" |
    grep -a -i -q 'no such file\|does not exist\|doesn.t exist\|not found\|NotFound\|404\|NoSuch'; then echo none
  elif restic_err 'no space left\|quota exceeded\|disk full\|insufficient storage'; then echo full
  elif restic_err "$damage_words"; then echo damage
  else echo other
  fi
}
restic_judge() {
  ailment=$(restic_ailment "$1")
  words=$(restic_words)
  case $ailment in
    none) objection='there is no repository of restic' ;;
    password) objection='the password does not open the repository' ;;
    secret) objection="the password of the repository cannot be had: $words" ;;
    locked) objection="another restic works in the repository: $words"; return 1 ;;
    full) objection="the storage is full: $words" ;;
    damage) objection="the repository is damaged: $words" ;;
    absent) objection='restic is not on this host' ;;
    *) objection="restic failed with code $1: $words"; return 1 ;;
  esac
  return 2
}`;

/**
 * `restic_try WORDS` calls restic, its words in `$run/restic.out`; `restic_long SAYING WORDS` too, from `restic_folder`, telling
 * how far it is.
 * Where a lock is in the way, locks of processes that are no more are removed, once. `remote_stop` ends what runs.
 */
const tryText: Sh = sh`restic_once() { (restic_exec "$@") >"$run/restic.out" 2>"$run/restic.err" </dev/null; }
restic_watched() {
  (cd "\${restic_folder:-/}" && restic_exec "$@") >"$run/restic.out" 2>"$run/restic.err" </dev/null &
  restic_pid=$!
  start_of "$restic_pid"
  mkdir -p "$restic_state" && printf '%s %s\n' "$restic_pid" "$started" >"$restic_state/restic.pid"
  while start_of "$restic_pid"; do
    restic_tell
    nap 0.5
  done
  wait "$restic_pid"
  watched=$?
  rm -f "$restic_state/restic.pid"
  return $watched
}
restic_attempt() {
  "$@"
  restic_code=$?
  if [ $restic_code = 0 ]; then return 0; fi
  restic_judge $restic_code
  severity=$?
  if [ "$ailment" != locked ]; then return $severity; fi
  obstacle=$objection
  if (restic_exec unlock) >/dev/null 2>&1 </dev/null; then
    "$@"
    restic_code=$?
    if [ $restic_code = 0 ]; then return 0; fi
    restic_judge $restic_code
    return
  fi
  objection=$obstacle
  return 1
}
restic_try() { restic_attempt restic_once "$@"; }
restic_long() {
  saying=$1
  shift
  tell "$saying" ''
  restic_attempt restic_watched "$@"
}
restic_tell() {
  told=$(tail -n 1 "$run/restic.out" 2>/dev/null)
  case $told in
    *'"message_type":"status"'*'}') ;;
    '['*'] '*) tell "$saying" "$(text "$told")"; return ;;
    *) return ;;
  esac
  told=$(printf '%s\n' "$told" | awk '
    function number(key) { return match($0, "\"" key "\":[0-9.]+") ? substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0 : 0 }
    {
      all = number("total_bytes"); done = number("bytes_done"); elapsed = number("seconds_elapsed")
      rate = elapsed ? done / elapsed : 0
      left = number("seconds_remaining")
      if (!left && rate) left = (all - done) / rate
      printf "%.1f of %.1f MB, %d of %d files, %.1f MB/s, %d:%02d:%02d left", done / 1e6, all / 1e6, number("files_done"), number("total_files"), rate / 1e6, left / 3600, left % 3600 / 60, left % 60
    }')
  tell "$saying" "$told"
}
# Also what a run that was killed has left at work: under the lock of the remote that process is ours to end.
remote_stop() {
  orphan= born= patience=0
  { read -r orphan born <"$restic_state/restic.pid"; } 2>/dev/null
  while [ -n "$orphan" ] && start_of "$orphan" && [ "$started" = "$born" ]; do
    case $patience in
      0) kill "$orphan" 2>/dev/null ;;
      50) kill -9 "$orphan" 2>/dev/null ;;
      100) return 1 ;;
    esac
    patience=$((patience + 1))
    nap 0.1
  done
  rm -f "$restic_state/restic.pid"
}`;

export function callText(remote: ResticRemote): Sh {
  return joinSh([execText(remote), judgeText, tryText]);
}

/** What `restic_exec` reads: assignments for the shell. */
export function secretsText({ repository, password_file, password_command, env = {} }: ResticRemote): Sh {
  const settings = {
    ...env,
    RESTIC_REPOSITORY: repository,
    ...(password_file === undefined ? {} : { RESTIC_PASSWORD_FILE: password_file }),
    ...(password_command === undefined ? {} : { RESTIC_PASSWORD_COMMAND: password_command }),
  };
  return joinSh([
    sh`unset RESTIC_PASSWORD RESTIC_PASSWORD_FILE RESTIC_PASSWORD_COMMAND RESTIC_REPOSITORY_FILE`,
    ...Object.entries(settings).map(([name, value]) => sh`export ${name}=${value}`),
  ]);
}
