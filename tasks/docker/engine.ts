/** Shell text about the Docker Engine of a host: what is there, how it is installed, started and enabled. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';

/** What the host has. */
export interface Survey {
  /** Path of dockerd, or ''. */
  readonly daemon: string;
  /** A package of it is there, but an installation was cut short. */
  readonly partial: boolean;
  /** apt-get, dnf, yum, apk, or ''. */
  readonly manager: string;
  /** ID and ID_LIKE of os-release. */
  readonly system: readonly string[];
  /** The service manager that is running: systemd, openrc, sysv, or none. */
  readonly init: string;
  readonly enabled: boolean;
  /** The package manager's lists have been fetched. */
  readonly lists: boolean;
  /** Whether /etc/docker is there, and its daemon.json, '' without one. */
  readonly folder: boolean;
  readonly config: string;
}

export interface Installer {
  readonly manager: 'apt-get' | 'dnf' | 'yum' | 'apk';
  readonly packages: readonly string[];
}

const SYSTEM_PATH = sh`PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"`;

/** Prints `key=value` lines, then `config` and the content of daemon.json. */
export const surveyScript: Sh = joinSh([
  SYSTEM_PATH,
  sh`daemon=$(command -v dockerd)
echo "daemon=$daemon"
manager=
for name in apt-get dnf yum apk; do
  if command -v $name >/dev/null 2>&1; then manager=$name; break; fi
done
echo "manager=$manager"
if [ -r /etc/os-release ]; then (. /etc/os-release; echo "system=$ID $ID_LIKE"); fi
if [ "$manager" = apt-get ] && [ -n "$daemon" ] && [ ! -S /var/run/docker.sock ]; then
  state=$(dpkg-query -W -f ${'${db:Status-Status}'} docker.io 2>/dev/null)
  case $state in unpacked|half-*|trigger*) echo partial=yes ;; esac
fi
if [ -d /run/systemd/system ]; then
  echo init=systemd
  if systemctl is-enabled docker.service >/dev/null 2>&1; then echo enabled=yes; fi
elif [ -e /run/openrc/softlevel ]; then
  echo init=openrc
  if rc-update show 2>/dev/null | grep -q '^ *docker '; then echo enabled=yes; fi
elif [ -e /etc/inittab ] && [ -x /etc/init.d/docker ]; then
  echo init=sysv
  for link in /etc/rc[2-5].d/S*docker; do if [ -e "$link" ]; then echo enabled=yes; break; fi; done
else
  echo init=none
fi
case $manager in
  apt-get) for list in /var/lib/apt/lists/*_Packages*; do if [ -e "$list" ]; then echo lists=yes; break; fi; done ;;
  *) echo lists=yes ;;
esac
if [ -d /etc/docker ]; then echo folder=yes; fi
echo config
if [ -r /etc/docker/daemon.json ]; then cat /etc/docker/daemon.json; fi
exit 0`,
]);

export function parseSurvey(stdout: string): Survey {
  const end = stdout.indexOf('\nconfig\n');
  const pairs = stdout
    .slice(0, end)
    .split('\n')
    .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  const found = new Map(pairs);
  const yes = (key: string) => found.get(key) === 'yes';
  return {
    daemon: found.get('daemon') ?? '',
    partial: yes('partial'),
    manager: found.get('manager') ?? '',
    system: (found.get('system') ?? '').split(' ').filter(word => word !== ''),
    init: found.get('init') ?? 'none',
    enabled: yes('enabled'),
    lists: yes('lists'),
    folder: yes('folder'),
    config: stdout.slice(end + '\nconfig\n'.length),
  };
}

/** How Docker Engine is installed there, or why we cannot. */
export function enginePackage(
  host: Survey,
  own: string | undefined,
): Installer | { refusal: string; hint: string } {
  const { manager, system } = host;
  if (own !== undefined && isManager(manager)) return { manager, packages: [own] };
  const is = (...names: readonly string[]) => names.some(name => system.includes(name));
  if (manager === 'apt-get' && is('debian', 'ubuntu')) {
    return { manager, packages: ['docker.io', 'iptables', 'ca-certificates'] };
  }
  if (manager === 'dnf' && system[0] === 'fedora') return { manager, packages: ['moby-engine'] };
  if (manager === 'apk') return { manager, packages: ['docker'] };
  return {
    refusal: `Docker Engine is not installed, and ${system[0] ?? 'this system'} has no package of it that we know`,
    hint: 'install it as docs.docker.com/engine/install says, or name a package of a configured repository by "package"',
  };
}

function isManager(name: string): name is Installer['manager'] {
  return ['apt-get', 'dnf', 'yum', 'apk'].includes(name);
}

export function refreshScript({ manager }: Installer): Sh {
  return manager === 'apt-get' ? sh`DEBIAN_FRONTEND=noninteractive apt-get update` : sh`${manager} makecache`;
}

export function installScript({ manager, packages }: Installer): Sh {
  switch (manager) {
    case 'apt-get':
      // Lists that are old name files that are gone: one more try with new ones.
      return sh`export DEBIAN_FRONTEND=noninteractive
dpkg --configure -a || exit 1
get() { apt-get -y --no-install-recommends -o DPkg::Lock::Timeout=300 install ${packages} </dev/null; }
get || { apt-get update && get; }`;
    case 'apk':
      return sh`apk add ${packages}`;
    case 'dnf':
    case 'yum':
      return sh`${manager} -y install ${packages}`;
  }
}

/** Where the daemon is to be found, for tests to have another. */
interface DaemonFiles {
  readonly socket: string;
  readonly pid: string;
  readonly log: string;
}

const SYSTEM_FILES: DaemonFiles = {
  socket: '/var/run/docker.sock',
  pid: '/var/run/docker.pid',
  log: '/var/log/docker.log',
};

function helpers({ socket, pid, log }: DaemonFiles): Sh {
  return sh`socket=${socket} pidfile=${pid} log=${log}
up() { [ -S "$socket" ] && [ -s "$pidfile" ] && kill -0 "$(cat "$pidfile")" 2>/dev/null; }
await() {
  tries=0
  until up; do
    tries=$((tries + 1))
    if [ $tries -gt "$1" ]; then return 1; fi
    if [ -n "$2" ] && ! kill -0 "$2" 2>/dev/null; then return 1; fi
    sleep 1
  done
}
detached() {
  echo "no service manager starts it: dockerd is started by itself, its log is $log"
  mkdir -p "$(dirname "$log")"
  lines=0
  if [ -e "$log" ]; then lines=$(wc -l <"$log"); fi
  setsid dockerd </dev/null >>"$log" 2>&1 &
  await "$1" $! && return 0
  echo "dockerd does not run; its last words in $log:" >&2
  tail -n +$((lines + 1)) "$log" | tail -n 15 >&2
  return 1
}`;
}

/**
 * Starts the daemon: by the service manager where one is running, else by itself in a session of its own, so that it
 * outlives the connection.
 * @param timeout seconds
 */
export function startScript(timeout: number, files: DaemonFiles = SYSTEM_FILES): Sh {
  const byManager = sh`if [ -d /run/systemd/system ]; then
  systemctl start docker.service && exit 0
  journalctl -u docker.service -n 15 --no-pager >&2
  exit 1
elif [ -e /run/openrc/softlevel ]; then
  rc-service docker start && await ${timeout} && exit 0
elif [ -e /etc/inittab ] && [ -x /etc/init.d/docker ]; then
  /etc/init.d/docker start && await 10 && exit 0
fi
detached ${timeout}`;
  return joinSh([SYSTEM_PATH, helpers(files), sh`if up; then exit 0; fi`, byManager]);
}

/** Stops the daemon, containers with it unless live-restore is set, and starts it again. */
export function restartScript(timeout: number, files: DaemonFiles = SYSTEM_FILES): Sh {
  const restart = sh`if [ -d /run/systemd/system ]; then
  systemctl restart docker.service && exit 0
  journalctl -u docker.service -n 15 --no-pager >&2
  exit 1
elif [ -e /run/openrc/softlevel ]; then
  rc-service docker restart && await ${timeout} && exit 0
fi
if up; then
  old=$(cat "$pidfile")
  kill "$old"
  tries=0
  while kill -0 "$old" 2>/dev/null && [ $tries -lt ${timeout} ]; do tries=$((tries + 1)); sleep 1; done
fi
detached ${timeout}`;
  return joinSh([SYSTEM_PATH, helpers(files), restart]);
}

export function enableScript(init: string): Sh | undefined {
  switch (init) {
    case 'systemd':
      return sh`systemctl enable docker.service`;
    case 'openrc':
      return sh`rc-update add docker default`;
    case 'sysv':
      return sh`if command -v update-rc.d >/dev/null; then update-rc.d docker defaults; else chkconfig docker on; fi`;
    default:
      return undefined;
  }
}
