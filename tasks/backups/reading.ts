/** The note that a local backup is being read by who does not hold its instance's lock: pruning leaves it alone meanwhile. */
import { type Sh, sh } from '../../src/core/sh.ts';

/** `note_reading FOLDER DATE` writes it into `FOLDER`, a `verify-...` in the instance's .girofle. Needs `basicsText`. */
export const readingText: Sh = sh`note_reading() {
  start_of $$
  printf 'pid=%s\nstart=%s\nboot=%s\ndate=%s\n' $$ "$started" "$(boot)" "$2" >"$1/pushing.new" && mv -f "$1/pushing.new" "$1/pushing"
}`;
