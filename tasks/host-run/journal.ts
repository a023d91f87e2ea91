/** The journal of a run: a line for each state, on disk before what follows it. Written by the host, read by us. */
import { type Sh, sh } from '../../src/core/sh.ts';
import { isMap, type ValueMap } from '../../src/core/value.ts';

/**
 * `state NAME [FACTS]` writes a line; facts are the inside of a JSON object. While an instance stands still, nothing waits
 * for the disk. `plan_run WHAT` notes who we are and writes the first line; a run that failed ends with `failed`, one
 * found dead by another with `abandoned`, all others with `reported`.
 * @param hold for tests only: it stays in this state until a file `go` is in the run's folder
 */
export function journalText(hold?: string): Sh {
  const stay =
    hold === undefined
      ? sh``
      : sh`
  if [ "$1" = ${hold} ]; then while [ ! -e "$run/go" ]; do nap 0.05; done; fi`;
  return sh`state() {
  clock
  printf '{"state":"%s","utc":"%s","uptime":%s%s}\n' "$1" "$(utc)" "$uptime" "\${2:+,$2}" >>"$journal" || return 1
  case $1 in
    paused|frozen-copied) persist "$journal" & ;;
    *) persist "$journal" ;;
  esac${stay}
}
plan_run() {
  start_of $$
  printf '%s %s\n' $$ "$started" >"$run/pid" || return 1
  state planned "\"what\":\"$1\",\"boot\":\"$(boot)\""
}`;
}

/**
 * `has_state JOURNAL STATE`, `fact JOURNAL STATE KEY`, `is_a WHAT JOURNAL`, `unfinished` (journals below `home` that have no
 * end), `stranded JOURNAL`.
 */
export const journalLook: Sh = sh`has_state() { grep -q "^{\"state\":\"$2\"" "$1"; }
fact() { sed -n "s/^{\"state\":\"$2\".*\"$3\":\"\([^\"]*\)\".*/\1/p" "$1" | tail -n 1; }
is_a() { grep -q "^{\"state\":\"planned\".*\"what\":\"$1\"" "$2" 2>/dev/null; }
unfinished() {
  for one in "$home"/journals/*.jsonl; do
    if [ -f "$one" ] && ! grep -q '^{"state":"\(reported\|failed\|abandoned\)"' "$one"; then echo "$one"; fi
  done
}
# Whether that backup has made the instance stand still and nobody has let it go on; of a pause, a reboot has.
stranded() {
  is_a backup "$1" && has_state "$1" guard-armed && ! has_state "$1" resumed &&
    { [ "$(fact "$1" guard-armed method)" = stop ] || [ "$(fact "$1" planned boot)" = "$(boot)" ]; }
}`;

export interface JournalLine {
  readonly state: string;
  readonly utc: string;
  readonly uptime: number;
  readonly facts: ValueMap;
}

/** Lines that are no whole JSON (the host died while writing) are left out. */
export function readJournal(written: string): readonly JournalLine[] {
  return written.split('\n').flatMap(readLine);
}

function readLine(line: string): readonly JournalLine[] {
  try {
    const read: unknown = JSON.parse(line);
    if (!isMap(read)) return [];
    const { state, utc, uptime, ...facts } = read;
    return typeof state === 'string' && typeof utc === 'string' && typeof uptime === 'number'
      ? [{ state, utc, uptime, facts }]
      : [];
  } catch {
    return [];
  }
}
