#!/bin/bash
# Stands in for GitLab in the lab: PostgreSQL with checksums and bare git repositories, where GitLab has them. Like GitLab's
# own first process it stays when PostgreSQL is stopped by hand, and starts it again when it dies.
set -eu
. /RELEASE
data=/var/opt/gitlab
cluster=$data/postgresql/data
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
export PATH LC_ALL=C.UTF-8
as() { setpriv --reuid "$1" --regid "$1" --clear-groups "${@:2}"; }

settle() {
  mkdir -p /var/log/gitlab/postgresql "$data/gitlab-rails"
  chown 996:996 /var/log/gitlab/postgresql
  if [ ! -e /etc/gitlab/gitlab-secrets.json ]; then
    (umask 077; printf '{"gitlab_rails":{"db_key_base":"%s"}}\n' "$(head -c 32 /dev/urandom | sha256sum | cut -c 1-64)" >/etc/gitlab/gitlab-secrets.json)
  fi
  [ -e /etc/gitlab/gitlab.rb ] || echo '# settings come from GITLAB_OMNIBUS_CONFIG' >/etc/gitlab/gitlab.rb
  echo "${RELEASE_VERSION%%-*}" >"$data/gitlab-rails/VERSION"
}

make_cluster() {
  install -d -o 996 -g 996 -m 0755 "$data/postgresql"
  install -d -o 996 -g 996 -m 0700 "$cluster"
  as 996 initdb --data-checksums --no-locale --encoding=UTF8 --auth=trust --username=gitlab-psql -D "$cluster" >/dev/null
  cat >>"$cluster/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$data/postgresql'
jit = off
shared_buffers = 16MB
max_wal_size = 64MB
min_wal_size = 32MB
checkpoint_timeout = 30s
bgwriter_delay = 20ms
autovacuum_naptime = 5s
log_destination = stderr
logging_collector = on
log_directory = '/var/log/gitlab/postgresql'
log_filename = 'current'
CONF
}

make_repositories() {
  repositories=$data/git-data/repositories
  install -d -o 998 -g 998 -m 0700 "$data/git-data" "$repositories.new"
  for name in 4b/22/project-1 6b/86/project-2 d4/73/project-3 ef/2d/project-4; do
    as 998 git init --quiet --bare "$repositories.new/@hashed/$name.git"
    as 998 git --git-dir="$repositories.new/@hashed/$name.git" config gc.auto 0
  done
  mv -T "$repositories.new" "$repositories"
}

serve() {
  while :; do
    as 996 postgres -D "$cluster" &
    server=$!
    wait "$server" && return
    sleep 1
  done
}

finish() {
  as 996 pg_ctl stop -D "$cluster" -m fast -w >/dev/null 2>&1 || true
  exit 0
}

settle
[ -e "$cluster/PG_VERSION" ] || make_cluster
[ -e "$data/git-data/repositories" ] || make_repositories
trap finish TERM INT
serve &
supervisor=$!
until psql -h "$data/postgresql" -U gitlab-psql -d postgres -Atqc 'select 1' >/dev/null 2>&1; do sleep 0.1; done
if ! psql -h "$data/postgresql" -U gitlab-psql -d gitlab -Atqc 'select 1' >/dev/null 2>&1; then
  psql -h "$data/postgresql" -U gitlab-psql -d postgres -qc 'create database gitlab'
fi
psql -h "$data/postgresql" -U gitlab-psql -d gitlab -qX -1 -v ON_ERROR_STOP=1 -f /schema.sql >/dev/null
echo "the lab's stand-in for GitLab $RELEASE_VERSION (not GitLab) is ready"
# A trap waits for what is in the foreground.
while :; do wait "$supervisor" || true; sleep 86400 & wait $! || true; done
