/** The container, as the driver's shell sees and moves it: by docker's own command, or by curl and the socket. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { DockerWay } from './run.ts';

/**
 * `container_state` prints `ID STARTED-AT RUNNING PAUSED`, `missing` or `unanswered`; `order pause|unpause|stop|start`
 * leaves Docker's objection in `objected`; `listen SINCE SECONDS` becomes a process that writes what is paused and let go on,
 * `heard` prints it from the file `heard`, in lines of `NANOSECONDS ID pause|unpause`; `image_digests` prints a JSON list. Of any container, by id or name: `container_health ID` prints
 * `STATUS HEALTH EXIT-CODE` (health is `none` without a check), `container_name`, `full_id` and `restart_policy` what they say, each of them
 * `missing` or `unanswered` as well; `start_container`, `stop_container`, `rename_container ID NAME`, `remove_container` (one that does
 * not run), `set_restart ID POLICY` (`always`, `on-failure:3`) leave Docker's objection in `objected`. None of them
 * needs room on the disk.
 */
function callsText(docker: DockerWay['docker']): Sh {
  return docker === 'cli' ? byCommand : byCurl;
}

const byCommand: Sh = sh`dockerc() { timeout -k 5 "\${brief:-$((stop_timeout + 60))}" docker -H "unix://$socket" "$@"; }
container_state() {
  brief=\${look_limit:-5}
  answer=$(dockerc inspect --type container --format '{{.Id}} {{.State.StartedAt}} {{.State.Running}} {{.State.Paused}}' "$container_id" 2>&1)
  # Docker's command may warn of its own configuration beside it.
  line=$(printf '%s\n' "$answer" | grep "^$container_id " | tail -n 1)
  case $line in
    *' true true'|*' true false'|*' false false') echo "$line"; return ;;
  esac
  case $answer in
    *'o such'*) echo missing ;;
    *) echo unanswered ;;
  esac
}
order() {
  case $1 in *pause) brief=10 ;; esac
  objected=$(dockerc "$1" "$container_id" 2>&1 >/dev/null)
  set -- $?
  brief=
  return $1
}
listen() {
  exec timeout "$2" docker -H "unix://$socket" events --since "$1" --filter event=pause --filter event=unpause \
    --format '{{.TimeNano}} {{.Actor.ID}} {{.Action}}'
}
heard() { cat "$run/heard"; }
image_digests() { dockerc inspect --type image --format '{{json .RepoDigests}}' "$1" 2>/dev/null; }
# Of container $1, by a template whose answer is known by its first words.
seen_of() {
  answer=$(dockerc inspect --type container --format "$2" "$1" 2>&1)
  line=$(printf '%s\n' "$answer" | sed -n 's/^girofle: //p' | tail -n 1)
  if [ -n "$line" ]; then echo "$line"; return; fi
  case $answer in
    *'o such'*) echo missing ;;
    *) echo unanswered ;;
  esac
}
container_health() { seen_of "$1" 'girofle: {{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.State.ExitCode}}'; }
container_name() { seen_of "$1" 'girofle: {{.Name}}' | sed 's/^\///'; }
full_id() { seen_of "$1" 'girofle: {{.Id}}'; }
restart_policy() { seen_of "$1" 'girofle: {{or .HostConfig.RestartPolicy.Name "no"}}{{if .HostConfig.RestartPolicy.MaximumRetryCount}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}{{end}}'; }
command_of() { objected=$(dockerc "$@" 2>&1 >/dev/null); }
start_container() { command_of start "$1"; }
stop_container() { command_of stop -t "$stop_timeout" "$1"; }
rename_container() { command_of rename "$1" "$2"; }
remove_container() { command_of rm -v "$1"; }
set_restart() { command_of update --restart "$2" "$1"; }`;

// Inside a JSON string each quotation mark has a backslash before it, so that only a key can look like one.
const byCurl: Sh = sh`api() {
  if [ $# -gt 2 ]; then set -- "$1" "$2" -H 'Content-Type: application/json' --data "$3"; fi
  verb=$1 path=$2
  shift 2
  curl -s --max-time "\${brief:-$((stop_timeout + 60))}" --unix-socket "$socket" -w '\n%{http_code}' -X "$verb" "$@" "http://docker$path" 2>/dev/null
}
field() { printf '%s' "$answer" | grep -o "\"$1\":\"*[^\",}]*" | head -n 1 | sed 's/^[^:]*:"*//'; }
container_state() {
  brief=\${look_limit:-5}
  answer=$(api GET "/containers/$container_id/json")
  case $answer in
    *'
200')
      case "$(field StartedAt) $(field Running) $(field Paused)" in
        ?*' true true'|?*' true false'|?*' false false') echo "$container_id $(field StartedAt) $(field Running) $(field Paused)" ;;
        *) echo unanswered ;;
      esac ;;
    *'
404') echo missing ;;
    *) echo unanswered ;;
  esac
}
order() {
  case $1 in *pause) brief=10 ;; esac
  objected=$(api POST "/containers/$container_id/$1")
  brief=
  case $objected in *'
'2??|*'
304') ;; *) return 1 ;; esac
}
listen() {
  exec curl -s -N --max-time "$2" --unix-socket "$socket" \
    "http://docker/events?since=$1&filters=%7B%22event%22%3A%5B%22pause%22%2C%22unpause%22%5D%7D"
}
heard() { sed 's/.*"Action":"\([a-z]*\)".*"ID":"\([0-9a-f]*\)".*"timeNano":\([0-9]*\).*/\3 \2 \1/' "$run/heard"; }
image_digests() { api GET "/images/$1/json" | grep -o '"RepoDigests":\[[^]]*\]' | head -n 1 | sed 's/^[^:]*://'; }
# The whole of container $1 into answer, or a word and 1.
look_into() {
  answer=$(api GET "/containers/$1/json")
  case $answer in
    *'
200') ;;
    *'
404') echo missing; return 1 ;;
    *) echo unanswered; return 1 ;;
  esac
}
container_health() {
  look_into "$1" || return 0
  health=$(printf '%s' "$answer" | grep -o '"Health":{"Status":"[a-z]*"' | head -n 1 | sed 's/.*:"\(.*\)"/\1/')
  echo "$(field Status) \${health:-none} $(field ExitCode)"
}
container_name() {
  look_into "$1" || return 0
  printf '%s' "$answer" | grep -o '"Name":"/[^"]*"' | head -n 1 | sed 's/"Name":"\/\(.*\)"/\1/'
}
full_id() {
  look_into "$1" || return 0
  field Id
}
restart_policy() {
  look_into "$1" || return 0
  printf '%s' "$answer" | grep -o '"RestartPolicy":{"Name":"[^"]*","MaximumRetryCount":[0-9]*}' | head -n 1 |
    sed 's/.*"Name":"\([^"]*\)".*:\([0-9]*\)}/\1:\2/; s/:0$//; s/^$/no/'
}
command_of() {
  objected=$(api "$@")
  case $objected in *'
'2??|*'
304') return 0 ;; esac
  objected=$(printf '%s\n' "$objected" | head -n 1 | sed 's/^{"message":"\(.*\)"}$/\1/')
  return 1
}
start_container() { command_of POST "/containers/$1/start"; }
stop_container() { command_of POST "/containers/$1/stop?t=$stop_timeout"; }
rename_container() { command_of POST "/containers/$1/rename?name=$2"; }
remove_container() { command_of DELETE "/containers/$1?v=1"; }
set_restart() {
  case $2 in *:*) retries=\${2#*:} ;; *) retries=0 ;; esac
  command_of POST "/containers/$1/update" "{\"RestartPolicy\":{\"Name\":\"\${2%:*}\",\"MaximumRetryCount\":$retries}}"
}`;

/**
 * `freeze` makes it stand still and sets `since` (ticks) and `asked` (nanoseconds of the epoch), `thaw` lets it go on, whatever happened meanwhile; both by `held`,
 * the container's id and start time. A container started since then is not the one that we held.
 */
const holdText: Sh = sh`still() { case $method in pause) echo "$held true true" ;; stop) echo "$held false false" ;; esac; }
freeze() {
  tries=0
  while :; do
    now=$(container_state)
    # After an order of ours it may be that order, which Docker carried out late.
    if [ "$now" = "$held true true" ] && [ $tries = 0 ]; then return 2; fi
    if [ "$now" = "$held true true" ]; then thaw; now=$(container_state); fi
    if [ "$now" != "$held true false" ]; then return 3; fi
    clock
    since=$ticks asked=$(date +%s%N)
    order "$method"
    refused=$?
    now=$(look_limit=2; container_state)
    if [ $refused = 0 ] && [ "$now" = "$(still)" ]; then return 0; fi
    case $tries$objected in 0*'already paused'*) return 2 ;; esac
    thaw
    tries=$((tries + 1))
    if [ $tries -ge 5 ]; then return 1; fi
    nap 0.3
  done
}
# Docker answers nothing about a container, and cannot let it go on, while one of its health checks was caught by the freeze
# half begun; nor does a Docker that is dead. The control group can be told as well.
tell_group() {
  find /sys/fs/cgroup -maxdepth 6 -type d -name "*$container_id*" 2>/dev/null | while IFS= read -r group; do
    if [ -e "$group/freezer.state" ]; then echo "$1" >"$group/freezer.state"; fi
    if [ -e "$group/cgroup.freeze" ]; then echo "$2" >"$group/cgroup.freeze"; fi
  done 2>/dev/null
}
release() {
  if order unpause; then return; fi
  case $objected in
    # It goes on, and Docker has it down as paused: for its record it has to be let go on once more.
    *'resume failed'*'not paused'*) tell_group FROZEN 1; order unpause || tell_group THAWED 0 ;;
    *'is not paused'*) ;;
    *) tell_group THAWED 0 ;;
  esac
}
thaw() {
  attempts=0
  while :; do
    case "$method $(look_limit=1; container_state)" in
      "pause $held true true") release ;;
      "stop $held false "*) order start ;;
      'pause unanswered') tell_group THAWED 0 ;;
      *unanswered) ;;
      *) return 0 ;;
    esac
    attempts=$((attempts + 1))
    if [ $attempts -gt 300 ]; then return 1; fi
    if [ $attempts -gt 1 ]; then nap 0.2; fi
  done
}`;

export function containerText(docker: DockerWay['docker']): Sh {
  return joinSh([callsText(docker), holdText]);
}
