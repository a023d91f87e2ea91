/**
 * Compares a backup with its manifest, on the host, and leaves a proof beside it. Prints how far it is; differences go to
 * stderr, the first twenty in words.
 */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { basicsText } from '../host-run/run.ts';
import { compareText } from './compare-script.ts';
import { readingText } from './reading.ts';

export interface VerifyJob {
  /** `<root>/noeud-gitlab-N`, where the lists are kept meanwhile. */
  readonly directory: string;
  readonly date: string;
  /** Where the backup lies when it is not below `bckups`. */
  readonly folder?: string;
  /** Of files.jsonl, as the manifest has them. */
  readonly sha256: string;
  readonly lines: number;
}

const startText = ({ directory, date, folder = `${directory}/bckups/${date}` }: VerifyJob): Sh =>
  sh`PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
umask 077
backup=${folder} home=${`${directory}/.girofle`}
renice -n 10 -p $$ >/dev/null 2>&1
ionice -c 3 -p $$ >/dev/null 2>&1
mkdir -p "$home" || exit 1
find "$home" -maxdepth 1 -name 'verify-*' -mmin +1440 -exec rm -rf {} +
work=$(mktemp -d "$home/verify-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
exec 4>&1
tab=$(printf '\t')
note_reading "$work" "\${backup##*/}"
cd "$backup" || exit 1
rm -f .verified.new`;

const wholeText = ({ sha256, lines }: VerifyJob): Sh => sh`before=$(sum_of manifest.json)
expect_entries ${sha256} ${lines}
see_entries
hash_entries
attribute_entries
compare_entries 2>"$work/differences" || {
  if ! [ "$backup/manifest.json" -ef manifest.json ]; then wrong 'the backup was removed meanwhile'; fi
  cat "$work/differences" >&2
  # The next backup compares what it would link to, byte for byte.
  : >"$home/distrust"
  exit 1
}
if [ -s "$work/find.err" ]; then wrong "$(head -n 1 "$work/find.err")"; fi
if [ -s "$work/hash.err" ]; then wrong "$(head -n 1 "$work/hash.err")"; fi
if [ "$(sum_of manifest.json)" != "$before" ]; then wrong 'the manifest changed meanwhile'; fi`;

const proveText: Sh = sh`printf '{"format":1,"utc":"%s","by":"verify","manifest":"%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$before" >.verified.new &&
  { sync .verified.new 2>/dev/null || sync; } && mv -f .verified.new verified.json && { sync . 2>/dev/null || sync; } ||
  wrong 'verified.json cannot be written'
if [ -s "$work/notes" ]; then
  head -n 20 "$work/notes" | sed 's/^/changed through a link of another backup, a restore sets it right: /'
fi
echo "verified $(wc -l <"$work/expected") entries"`;

export function verifyScript(job: VerifyJob): Sh {
  return joinSh([basicsText, readingText, startText(job), compareText, wholeText(job), proveText]);
}
