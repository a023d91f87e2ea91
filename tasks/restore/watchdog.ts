/**
 * Watches over a restore from before the moment at which the old instance is stopped: a process of a session of its own that, should
 * the driver be killed, brings the restore to an end at once and not only when somebody comes by.
 */
import { type Sh, sh } from '../../src/core/sh.ts';

/** `post_watch` starts it (the same script, called with `watch`), `watch_over PID START` is it: it ends with the driver. */
export const watchdogText: Sh = sh`post_watch() {
  start_of $$
  setsid sh "$run/driver.sh" watch $$ "$started" </dev/null >>"$run/log" 2>&1 &
}
watch_over() {
  while start_of "$1" && [ "$started" = "$2" ]; do nap 0.2; done
  if grep -q '^{"state":"\(reported\|failed\|abandoned\|stuck\)"' "$journal"; then return; fi
  id=$id-watch
  # Whoever holds it has been quicker, and repairs as well.
  take_lock 'the end of a restore that was killed' || return
  sh "$run/driver.sh" repair $$
  release_lock
}`;
