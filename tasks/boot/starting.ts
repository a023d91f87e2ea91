/**
 * Which containers a boot has to start. Docker starts those whose policy is to run; but one whose address was not there yet
 * stays as it is, with Docker's complaint in its state, and so does one that we had stopped ourselves.
 */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';

/** Docker's command or curl, whichever the host has: it may have changed since this was installed. */
const callsText = (label: string): Sh => sh`if command -v docker >/dev/null 2>&1; then
  dockerc() { timeout 120 docker -H "unix://$socket" "$@"; }
  docker_answers() { dockerc version >/dev/null 2>&1; }
  containers_of() { dockerc ps -a -q --no-trunc --filter "label="${label}"=$1" 2>/dev/null; }
  look_at() {
    seen=$(dockerc inspect --type container --format '{{.State.Status}} {{.State.FinishedAt}} {{.HostConfig.RestartPolicy.Name}} {{.Name}} {{if .State.Error}}refused{{end}}' "$1" 2>/dev/null | grep '^[a-z]* [0-9T:.Z-]* [a-z-]* /' | tail -n 1)
  }
  start_it() { objection=$(dockerc start "$1" 2>&1 >/dev/null); }
else
  api() { curl -s --max-time 120 --unix-socket "$socket" "$@" 2>/dev/null; }
  docker_answers() { [ "$(api http://docker/_ping)" = OK ]; }
  containers_of() {
    api -G --data-urlencode "filters={\"label\":[\""${label}"=$1\"]}" -d all=1 http://docker/containers/json | grep -o '"Id":"[0-9a-f]\{64\}"' | cut -d '"' -f 4
  }
  look_at() {
    answer=$(api "http://docker/containers/$1/json")
    field() { printf '%s' "$answer" | grep -o "$1\"[^\"]*\"" | head -n 1 | sed 's/"$//; s/.*"//'; }
    seen="$(field '"Status":') $(field '"FinishedAt":') $(field '"RestartPolicy":{"Name":') $(field '"Name":') $(if [ -n "$(field '"Error":')" ]; then echo refused; fi)"
  }
  start_it() {
    objection=$(api -w '\n%{http_code}' -X POST "http://docker/containers/$1/start")
    case $objection in *'
'2??|*'
304') ;; *) return 1 ;; esac
  }
fi`;

/**
 * `should_start ID`. With the policy always Docker starts also what somebody had stopped before the boot; what was stopped since
 * then stays so. With unless-stopped it stays stopped, unless Docker or we were the ones.
 */
const judgeText: Sh = sh`boot_time() { sed -n 's/^btime //p' /proc/stat; }
before_boot() {
  at=$(date -u -d "$(printf '%s' "$1" | sed 's/T/ /; s/[.Z].*//')" +%s 2>/dev/null)
  [ -n "$at" ] && [ "$at" -gt 0 ] && [ "$at" -lt "$(boot_time)" ]
}
should_start() {
  look_at "$1"
  one=$1
  set -- $seen
  name=\${4#/}
  case $name in
    girofle-drill-*|*.girofle-new) return 1 ;;
    *.before-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]) return 1 ;;
    *.restoring-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]) return 1 ;;
  esac
  case "$1 $3" in
    'exited always'|'created always'|'exited unless-stopped'|'created unless-stopped') ;;
    *) return 1 ;;
  esac
  if [ "$5" = refused ]; then return 0; fi
  case " $ours" in *" $one "*) return 0 ;; esac
  [ "$1 $3" = 'exited always' ] && before_boot "$2"
}`;

/** Again and again, for an address may take its time. */
const roundsText: Sh = sh`start_instances() {
  clock
  start_end=$((\${uptime%.*} + start_limit))
  while :; do
    pending=
    for number in $wanted; do start_instance "$root/noeud-gitlab-$number"; done
    if [ -z "$pending" ]; then return; fi
    clock
    if [ "\${uptime%.*}" -ge "$start_end" ]; then
      trouble "$pending"
      return
    fi
    nap 5
  done
}
start_instance() {
  enter "$1"
  for id_found in $(containers_of "$directory"); do
    if ! should_start "$id_found"; then continue; fi
    if [ -d "$home" ] && ! hold_instance; then return; fi
    if start_it "$id_found"; then say "instance $instance: container $name is started"
    else pending="$pending\${pending:+; }instance $instance: container $name cannot be started: $(text "$objection")"
    fi
    release_lock
  done
}`;

export function startingText(label: string): Sh {
  return joinSh([callsText(label), judgeText, roundsText]);
}
