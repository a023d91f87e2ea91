# Run in a restored container: says what is in PostgreSQL and in git, has both check themselves, and ends with PostgreSQL stopped.
# Sections begin with a line `== NAME`.
export LC_ALL=C.UTF-8 HOME=/tmp
data=/var/opt/gitlab
query() { psql -h "$data/postgresql" -U gitlab-psql -d gitlab -AtqX -F ' ' -v ON_ERROR_STOP=1 -c "$1" 2>&1; }
as() { setpriv --reuid "$1" --regid "$1" --clear-groups "${@:2}"; }
section() { echo "== $*"; }
outcome() { echo "ended $?"; }

section total
query 'select sum(balance) from accounts'
section counters
query 'select worker, value, (select count(*) from items i where i.worker = c.worker), (select coalesce(max(n), 0) from items i where i.worker = c.worker) from counters c order by worker'
section skewed
query 'select a.id from accounts a left join (
  select account, sum(amount) amount from (select target account, amount from items union all select source, -amount from items) moved group by account
) m on m.account = a.id where a.balance <> 1000 + coalesce(m.amount, 0) order by a.id'
section shelves
query 'select (select coalesce(sum(version), 0) from shelves) - (select count(*) from items)'
section items
query 'select worker, n, repository, commit from items'

cd "$data/git-data/repositories" || exit 1
repositories=$(find . -type d -name '*.git' -prune | sort | sed 's/^\.\///')
for repository in $repositories; do
  git() { as 998 git -c safe.directory='*' --git-dir="$data/git-data/repositories/$repository" "$@"; }
  section commits "$repository"
  git rev-list --all 2>&1
  section fsck "$repository"
  { git fsck --full --strict --no-dangling --no-progress 2>&1; outcome; }
  # Each takes the lock of what it writes: every ref, a new branch, packed-refs, HEAD, config.
  section writable "$repository"
  {
    git for-each-ref --format='update %(refname) %(objectname) %(objectname)' | git update-ref --stdin &&
      git update-ref refs/heads/lab-scratch "$(git rev-list --all -n 1)" && git update-ref -d refs/heads/lab-scratch &&
      git pack-refs --all && git symbolic-ref HEAD "$(git symbolic-ref HEAD)" && git config lab.scratch yes && git config --unset lab.scratch
  } 2>&1
  outcome
done
section locks
find "$data/git-data" -name '*.lock'

cd /
section amcheck
PGOPTIONS='-c client_min_messages=warning' as 996 pg_amcheck -h "$data/postgresql" -U gitlab-psql --all --install-missing --heapallindexed 2>&1
outcome
section checksums
as 996 pg_ctl stop -D "$data/postgresql/data" -m fast -w >/dev/null 2>&1
as 996 pg_checksums --check -D "$data/postgresql/data" 2>&1
outcome
section end
