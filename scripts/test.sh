#!/usr/bin/env bash
# The whole test run: installs what the tests need (root on Debian), starts Docker, builds, tests, prints the coverage.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*"; }

packages=(acl ansible-core attr btrfs-progs busybox-static bzip2 ca-certificates cron curl debootstrap docker.io dropbear-bin e2fsprogs git iproute2 iptables openssh-client openssh-server postgresql-15 procps python3 rclone restic rsync sudo tmux)

missing_packages() {
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || echo "$package"
  done
}

install_missing() {
  local missing
  missing=$(missing_packages | tr '\n' ' ')
  [ -n "${missing// /}" ] || return 0
  say "installing for the tests: $missing"
  apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

docker_answers() { [ -S /var/run/docker.sock ] && docker version >/dev/null 2>&1; }

start_docker() {
  docker_answers && return 0
  say 'starting dockerd for the tests'
  setsid dockerd >/var/log/docker.log 2>&1 </dev/null &
  for _ in $(seq 1 120); do
    docker_answers && return 0
    sleep 0.5
  done
  say 'dockerd did not start; its last words:'
  tail -5 /var/log/docker.log
  return 1
}

if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then
  install_missing
  start_docker
else
  say 'not root on Debian: nothing is installed or started here. Tests that need Docker, sshd or root are reported as skipped, by name.'
fi

[ -f dist/cli.js ] || npm run --silent build
exec npx vitest run --coverage "$@"
