/** Long commands in the background, so that a signal is answered at once and people see how far it is. */
import { type Sh, sh } from '../../src/core/sh.ts';

/**
 * `watched WHAT COMMAND...` runs a command or function in a subshell and gives its code; what it prints goes to `told.out` and
 * `objections` in the run's folder. Meanwhile `say_progress` is asked; `said_last` is what it wrote last to descriptor 4.
 * `end_session ID SPARE` ends all processes of a session but one.
 */
export const watchText: Sh = sh`watched() {
  what=$1
  shift
  : >"$run/told"
  ("$@") >"$run/told.out" 2>"$run/objections" 4>>"$run/told" &
  worker=$!
  while kill -0 "$worker" 2>/dev/null; do
    tell "$what" "$(say_progress)"
    nap 0.3
  done
  wait "$worker"
}
said_last() { tail -n 1 "$run/told"; }
# Nothing is started here: what it starts would be of the session too.
end_session() {
  ended=
  for one in /proc/[0-9]*/stat; do
    { IFS= read -r stat <"$one"; } 2>/dev/null || continue
    one=\${one#/proc/}
    set -- "$1" "$2" \${stat##*) }
    case $3 in [ZX]) continue ;; esac
    if [ "$6" = "$1" ] && [ "\${one%/stat}" != "$2" ]; then kill -KILL "\${one%/stat}" 2>/dev/null && ended=yes; fi
  done
}
# What a dead driver has left running, as it would go on beside us. Its session's number is its own, unless another process has it now.
end_left_over() {
  run_pid=
  { read -r run_pid _ <"$run/pid"; } 2>/dev/null
  if [ -z "$run_pid" ] || [ "$(fact "$journal" planned boot)" != "$(boot)" ] || start_of "$run_pid"; then return; fi
  rounds=0
  while end_session "$run_pid" '' && [ -n "$ended" ]; do
    rounds=$((rounds + 1))
    if [ $rounds -gt 100 ]; then return 1; fi
    nap 0.1
  done
}`;
