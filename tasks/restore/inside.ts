/** Running the commands of the checks inside a container, by docker's own command or by curl and the socket. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { DockerWay } from '../host-run/run.ts';

/**
 * `fsck_all FOLDER NUMBER SECONDS` looks at so many of the repositories below a folder, taken by chance, or at `all`. Prints
 * `bad PATH: COMPLAINT` for the first five that are damaged, and `fsck DONE WANTED THERE BAD LATE`. What git has against the
 * form of an old commit (no e-mail address, a strange time zone) is no damage.
 */
export const fsckText: Sh = sh`bounded() {
  if command -v timeout >/dev/null 2>&1; then timeout "$@"; else shift; "$@"; fi
}
fsck_one() {
  { bounded "$2" git -c safe.directory='*' --git-dir="$1" fsck --full --no-dangling --no-progress; echo "ended $?"; } 2>&1 </dev/null | awk '
    /^ended [0-9]+$/ { code = $2; next }
    /^(notice|dangling|unreachable|warning|Checking)[: ]/ { next }
    /^(error|warning) in (commit|tree|tag|blob) [0-9a-f]+: [A-Za-z0-9]+: / { next }
    said < 3 && $0 != "" { complaint = complaint (said++ ? "; " : "") $0 }
    END {
      if (code == 0) print "sound"
      else if (code == 124 || code == 137 || code == 143) print "late"
      else if (code == 1 && complaint == "") print "sound"
      else print (complaint == "" ? "git fsck ends with " code : complaint)
    }'
}
fsck_all() {
  GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
  export GIT_CONFIG_NOSYSTEM GIT_CONFIG_GLOBAL
  end=$(($(date +%s) + $3))
  find "$1" -type d -name '*.git' -prune 2>/dev/null | while IFS= read -r one; do
    if [ -d "$one/objects" ] || [ -e "$one/HEAD" ]; then printf '%s\n' "$one"; fi
  done | awk -v wanted="$2" -v seed="$(date +%s)" '
    { all[NR] = $0 }
    END {
      srand(seed)
      keep = wanted == "all" || wanted + 0 > NR ? NR : wanted + 0
      print NR, keep
      for (i = 1; i <= keep; i++) { j = i + int(rand() * (NR - i + 1)); print all[j]; all[j] = all[i] }
    }' | {
    read -r there wanted
    looked=0 bad=0 late=0
    while IFS= read -r one; do
      left=$((end - $(date +%s)))
      if [ $left -le 0 ]; then late=1; break; fi
      found=$(fsck_one "$one" $left)
      case $found in
        sound) ;;
        late) late=1; break ;;
        *)
          bad=$((bad + 1))
          if [ $bad -le 5 ]; then printf 'bad %s: %s\n' "\${one#$1/}" "$found"; fi ;;
      esac
      looked=$((looked + 1))
    done
    echo "fsck $looked $wanted $there $bad $late"
  }
}`;

/** What runs inside: `look`, `run SECONDS COMMAND...` (its last line is `ended CODE`) or `fsck NUMBER SECONDS`. */
const program: Sh = joinSh([
  sh`PATH=$PATH:/opt/gitlab/bin:/opt/gitlab/embedded/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
for one in /opt/gitlab/embedded/postgresql/*/bin /usr/lib/postgresql/*/bin; do PATH=$PATH:$one; done
LC_ALL=C
export PATH LC_ALL
data=/var/opt/gitlab`,
  fsckText,
  sh`look() {
  for one in gitlab-rake gitlab-ctl pg_amcheck pg_checksums pg_ctl git; do
    if command -v "$one" >/dev/null 2>&1; then echo "tool $one"; fi
  done
  for one in "$data/postgresql/data" "$data/postgresql"; do
    if [ ! -f "$one/PG_VERSION" ]; then continue; fi
    echo "cluster $(stat -c %u:%g "$one") $one"
    if [ -f "$one/postmaster.pid" ]; then echo "server $(sed -n 4p "$one/postmaster.pid") $(sed -n 5p "$one/postmaster.pid")"; fi
    break
  done
  if [ -d "$data/git-data/repositories" ]; then echo "repositories $(stat -c %u:%g "$data/git-data/repositories")"; fi
  echo 'looked'
}
work() {
  case $1 in
    look) look ;;
    run) shift; bounded "$@"; printf '\nended %s\n' $? ;;
    fsck) fsck_all "$data/git-data/repositories" "$2" "$3" ;;
  esac
}
# A pipe: what sees a terminal writes colours.
work "$@" 2>&1 </dev/null | cat`,
]);

/**
 * `inside ID UID:GID SECONDS WORD...` runs the program in a container and prints what it says; on the host it is ended after
 * so many seconds. The words are plain: no quotation marks or backslashes. Needs `socket`.
 */
export function insideText(docker: DockerWay['docker']): Sh {
  return docker === 'cli' ? byCommand : byCurl;
}

const byCommand: Sh = sh`within=${program.text}
inside() {
  inside_id=$1 inside_user=$2 inside_limit=$3
  shift 3
  timeout -k 5 "$inside_limit" docker -H "unix://$socket" exec --user "$inside_user" "$inside_id" sh -c "$within" within "$@" 2>&1 </dev/null
}`;

const byCurl: Sh = sh`within=${JSON.stringify(program.text)}
post_json() { curl -s -N --max-time "$1" --unix-socket "$socket" -H 'Content-Type: application/json' -d "$3" "http://docker$2" 2>&1; }
inside() {
  inside_id=$1 inside_user=$2 inside_limit=$3 words=
  shift 3
  for word; do words="$words,\"$word\""; done
  made=$(post_json 60 "/containers/$inside_id/exec" "{\"AttachStdout\":true,\"AttachStderr\":true,\"Tty\":true,\"User\":\"$inside_user\",\"Cmd\":[\"sh\",\"-c\",$within,\"within\"$words]}")
  exec_id=$(printf '%s' "$made" | sed -n 's/.*"Id":"\([0-9a-f]*\)".*/\1/p')
  if [ -z "$exec_id" ]; then printf '%s\n' "$made"; return 1; fi
  post_json "$inside_limit" "/exec/$exec_id/start" '{"Detach":false,"Tty":true}' | tr -d '\r'
}`;
