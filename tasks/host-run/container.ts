/** The container, as the driver's shell sees and moves it: by docker's own command, or by curl and the socket. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { DockerWay } from './run.ts';

/**
 * `container_state` prints `ID STARTED-AT RUNNING PAUSED`, `missing` or `unanswered`; `order pause|unpause|stop|start`
 * leaves Docker's objection in `objected`; `image_digests` prints a JSON list. None of them needs room on the disk.
 */
function callsText(docker: DockerWay['docker']): Sh {
  return docker === 'cli' ? byCommand : byCurl;
}

const byCommand: Sh = sh`dockerc() { timeout -k 5 $((stop_timeout + 60)) docker -H "unix://$socket" "$@"; }
container_state() {
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
order() { objected=$(dockerc "$1" "$container_id" 2>&1 >/dev/null); }
image_digests() { dockerc inspect --type image --format '{{json .RepoDigests}}' "$1" 2>/dev/null; }`;

// Inside a JSON string each quotation mark has a backslash before it, so that only a key can look like one.
const byCurl: Sh = sh`api() { curl -s --max-time $((stop_timeout + 60)) --unix-socket "$socket" -w '\n%{http_code}' -X "$1" "http://docker$2" 2>/dev/null; }
field() { printf '%s' "$answer" | grep -o "\"$1\":\"*[^\",}]*" | head -n 1 | sed 's/^[^:]*:"*//'; }
container_state() {
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
  objected=$(api POST "/containers/$container_id/$1")
  case $objected in *'
'2??|*'
304') ;; *) return 1 ;; esac
}
image_digests() { api GET "/images/$1/json" | grep -o '"RepoDigests":\[[^]]*\]' | head -n 1 | sed 's/^[^:]*://'; }`;

/**
 * `freeze` makes it stand still and sets `since`, `thaw` lets it go on, whatever happened meanwhile; both by `held`,
 * the container's id and start time. A container started since then is not the one that we held.
 */
const holdText: Sh = sh`still() { case $method in pause) echo "$held true true" ;; stop) echo "$held false false" ;; esac; }
freeze() {
  tries=0
  while :; do
    now=$(container_state)
    if [ "$now" = "$held true true" ]; then return 2; fi
    if [ "$now" != "$held true false" ]; then return 3; fi
    clock
    since=$ticks
    order "$method"
    refused=$?
    now=$(container_state)
    if [ $refused = 0 ] && [ "$now" = "$(still)" ]; then return 0; fi
    case $objected in *'already paused'*) return 2 ;; esac
    thaw
    tries=$((tries + 1))
    if [ $tries -ge 5 ]; then return 1; fi
    nap 0.3
  done
}
thaw() {
  attempts=0
  while :; do
    case "$method $(container_state)" in
      "pause $held true true") order unpause ;;
      "stop $held false "*) order start ;;
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
