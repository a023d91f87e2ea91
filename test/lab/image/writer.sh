#!/bin/bash
# writer NUMBER PAUSE: item after item, first a commit, then the transaction that tells of it, then a line to whoever listens.
# A line is written when git's ref and PostgreSQL's commit are both done: WORKER N REPOSITORY COMMIT.
set -u
worker=$1 pause=$2
root=/var/opt/gitlab/git-data/repositories
export HOME=/tmp GIT_AUTHOR_NAME=w$worker GIT_AUTHOR_EMAIL=w@lab GIT_COMMITTER_NAME=w$worker GIT_COMMITTER_EMAIL=w@lab
coproc SQL { exec psql -h /var/opt/gitlab/postgresql -U gitlab-psql -d gitlab -qAtX -v ON_ERROR_STOP=1 2>&1; }
give_up() { echo "writer $worker: $*" >&2; exit 1; }
ask() {
  printf '%s\n' "$1" >&"${SQL[1]}" && IFS= read -r answer <&"${SQL[0]}" || give_up 'PostgreSQL is gone'
}
cd "$root" || give_up "no $root"
mapfile -t repositories < <(find . -type d -name '*.git' -prune | sort | sed 's/^\.\///')
work=$(mktemp -d /tmp/work-XXXXXX) && git init --quiet --bare "$work" || give_up 'no work folder'
export GIT_DIR
blob() { head -c $((RANDOM % 3000 + 100)) /dev/urandom | git hash-object -w --stdin; }
commit_item() { git commit-tree "$(printf '100644 blob %s\titem\n' "$(blob)" | git mktree)" "$@" -m "item $worker $n"; }

# On a branch that grows, as a merge does.
update() {
  GIT_DIR=$root/$repository ref=refs/heads/worker-$worker
  if parent=$(git rev-parse -q --verify "$ref"); then
    commit=$(commit_item -p "$parent") && git update-ref "$ref" "$commit" "$parent"
  else
    commit=$(commit_item) && git update-ref "$ref" "$commit"
  fi
}
# From elsewhere to a branch of its own, as a user does.
push() {
  GIT_DIR=$work ref=refs/heads/pushed-$worker-$n
  commit=$(commit_item) && git push --quiet "$root/$repository" "$commit:$ref" 2>/dev/null
}
tidy() {
  GIT_DIR=$root/$repository
  if [ $((n % 60)) = 59 ]; then git gc --quiet 2>/dev/null &
  elif [ $((n % 20)) = 19 ]; then git pack-refs --all &
  fi
  if [ $((n % 150)) = 149 ]; then ask "checkpoint; select 'done';"; fi
}

ask "select value from counters where worker = $worker;"
n=$answer
while [ ! -e /tmp/stop-writers ]; do
  n=$((n + 1))
  repository=${repositories[$(((n * 7 + worker) % ${#repositories[@]}))]}
  if [ $((n % 8)) = 0 ]; then push; else update; fi || give_up "git failed at item $n"
  source=$((RANDOM % 9999 + 1)) amount=$((RANDOM % 50))
  target=$((source + RANDOM % (10000 - source) + 1))
  note=$(head -c $((RANDOM % 1500 + 30)) /dev/urandom | base64 -w 0)
  ask "begin; insert into items values ($worker, $n, '$repository', '$ref', '$commit', $source, $target, $amount, '$note'); update accounts set balance = balance - $amount where id = $source; update accounts set balance = balance + $amount where id = $target; update shelves set version = version + 1, body = repeat(md5('$commit'), 30 + $n % 20) where id = $((RANDOM % 20000 + 1)); update counters set value = $n where worker = $worker; commit; select 'stored $n';"
  [ "$answer" = "stored $n" ] || give_up "$answer"
  echo "$worker $n $repository $commit" || exit
  tidy
  sleep "$pause"
done
