/**
 * The shell text that stands guard on the host: when the channel ends, so does everything that runs there for us.
 *
 * The bootstrap is a pipeline of two: a keeper, whose `tee` hands the channel's bytes on, and the worker, a plain shell
 * reading them. When `tee` sees the end (the connection was closed or lost, the controller was killed) the keeper
 * sweeps: it ends every process of its session. When the worker ends first it hangs up the process group, which ends
 * `tee` and so brings the keeper to sweep as well. What called setsid, or ignores SIGHUP as `nohup` makes it, is spared.
 *
 * `tee` and not `cat`: busybox's cat uses sendfile, which stalls from a socket to a pipe on Linux 6.
 */
import { quote } from '../core/sh.ts';

const OWN_PLACE =
  `{ IFS= read -r l </proc/self/stat;} 2>/dev/null;e=\${l%% *};l=\${l##*) };set -- $l;s=$4;b=\${20};` +
  `I=$IFS;N=$(printf '\\n.')`;

/** Lists in `f` the living processes of session `s` that `since` (shell text, may be empty) lets through. */
function find(since: string): string {
  return (
    'a=$(cat /proc/[0-9]*/stat 2>/dev/null);f=;set -f;IFS=${N%.};for l in $a;do IFS=$I;p=${l%% *};l=${l##*) };set -- $l;' +
    `[ "$4" = "$s" ]||continue;case $p in "$_m"|"$_l"|"$e"|$$|$PPID)continue;;esac;case $1 in [ZX])continue;;esac;${since}` +
    'v=;{ while read -r k v;do [ "$k" = SigIgn: ]&&break;done </proc/$p/status;} 2>/dev/null;' +
    'case $v in ""|*[13579bdf])continue;;esac;f="$f $p";done;IFS=$I;set +f'
  );
}

/** TERM at once, KILL for what is left after most of a second. Without /proc the process group has to do. */
function sweep(since: string): string {
  return (
    `if [ -r /proc/self/stat ];then n=0;while :;do ${find(since)};[ "$f" ]||break;[ $n -gt 9 ]&&break;` +
    'case $n in 0|3)kill -TERM $f;;[78])kill -KILL $f;;esac;n=$((n+1));sleep .1||{ sleep 1;n=7;};done;' +
    'else kill -TERM 0;sleep 1;kill -KILL 0;fi'
  );
}

/** One line of shell text that turns a channel into a guarded worker; `worker` is the command of the inner shell. */
export function guarded(worker: readonly string[]): string {
  const keeper =
    `trap : TERM HUP;exec 2>/dev/null;${OWN_PLACE};_m=$$;_l=$e;echo "_m=$_m _l=$_l";tee;` +
    `exec </dev/null >/dev/null;${sweep('')}`;
  return `trap : TERM HUP;{ ${keeper};}|{ ${worker.map(quote).join(' ')};trap '' HUP;kill -HUP 0;}`;
}

/**
 * For the worker: a background timer that after some seconds ends all that began after it and then exits with 124.
 * TERM stops it. Leaves its pid in `_t`.
 */
export function timer(seconds: number): string {
  // What the bootstrap started in the same clock tick is told apart by _m, _l and tee's parent.
  const since = '[ "${20}" -ge "$b" ]||continue;[ "$2" = "$_l" ]&&continue;';
  return (
    // KILL, because a child that was just forked may still swallow a TERM on its way to being sleep.
    `(trap 'kill -KILL $! 2>/dev/null;exit 0' TERM;sleep ${seconds}&\nwait $!;trap '' TERM;` +
    `${OWN_PLACE};${sweep(since)};exit 124) </dev/null >/dev/null 2>&1 & _t=$!`
  );
}
