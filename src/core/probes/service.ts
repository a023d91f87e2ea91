/** Services of a host, by whatever manages them: one query answers for all that are asked about. */
import { look, type Probe, type ShellKind } from '../probe.ts';
import { joinSh, sh } from '../sh.ts';

export type ServiceManager = 'systemd' | 'openrc' | 'sysv' | 'none';

export interface ServiceSeen {
  readonly manager: ServiceManager;
  readonly exists: boolean;
  /** `failed` is stopped by an error; `unknown` where a script cannot tell. */
  readonly active: 'running' | 'stopped' | 'failed' | 'unknown';
  /** Starts at boot. `static` cannot be changed: it has no installation section. */
  readonly enabled: 'yes' | 'no' | 'static' | 'masked';
  /** By which programs a SysV script is enabled: update-rc.d, chkconfig or neither. */
  readonly enabler: 'update-rc.d' | 'chkconfig' | 'rc-update' | 'none';
}

/** What to look for beside the service's name. */
export interface ServiceLook {
  /** Insist on one manager, whatever runs the host. */
  readonly use?: ServiceManager | 'auto';
  /** Text in the list of processes which tells that it runs, where its script cannot. */
  readonly pattern?: string;
  /** OpenRC's runlevel. */
  readonly runlevel?: string;
}

/**
 * Answers of lines: `manager WORD`, `enabler WORD`; with systemd the unit's properties as `systemctl show` prints them,
 * else `exists`, `status CODE`, `said TEXT` and `enabled`.
 */
const LIBRARY = sh`
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin; export PATH
IFS='
'
set -f
has() { command -v "$1" >/dev/null 2>&1; }
if [ -d /run/systemd/system ] && has systemctl && [ "$(systemctl is-system-running 2>/dev/null)" != offline ]; then detected=systemd
elif [ -d /run/openrc ] && has rc-service; then detected=openrc
elif [ -d /etc/init.d ] || has service; then detected=sysv
else detected=none; fi
if has update-rc.d; then enabler=update-rc.d
elif has chkconfig; then enabler=chkconfig
else enabler=none; fi
units=
linked() {
  set +f
  for link in /etc/rc[2345].d/S[0-9][0-9]"$1"; do if [ -e "$link" ]; then echo enabled; break; fi; done
  set -f
}
systemd_unit() {
  for line in $units; do case $line in "$2 "*) printf '%s\n' "\${line#* }";; esac; done
  linked "$1"
}
said() { printf 'status %s\nsaid %s\n' "$1" "$(printf %s "$2" | tr '\n' ' ')"; }
openrc_service() {
  rc-service --exists "$1" && echo exists || return 0
  code=0; text=$(rc-service "$1" status 2>&1 </dev/null) || code=$?
  said "$code" "$text"
  if rc-update show "\${2:-default}" 2>/dev/null | grep -q "^ *$1 |"; then echo enabled; fi
}
sysv_service() {
  [ -x "/etc/init.d/$1" ] || return 0
  echo exists
  code=0
  if has service; then text=$(service "$1" status 2>&1 </dev/null) || code=$?
  else text=$("/etc/init.d/$1" status 2>&1 </dev/null) || code=$?; fi
  said "$code" "$text"
  linked "$1"
}
answer() {
  manager=$detected
  if [ "$2" != auto ]; then manager=$2; fi
  echo "manager $manager"
  case $manager in
    systemd) echo "enabler none"; systemd_unit "$1" "$5";;
    openrc) echo "enabler rc-update"; openrc_service "$1" "$3";;
    sysv) echo "enabler $enabler"; sysv_service "$1";;
  esac
  if [ -n "$4" ] && [ "$manager" != systemd ]; then
    if { ps -ww ax 2>/dev/null || ps -o args 2>/dev/null || ps; } | grep -F -- "$4" | grep -q -v -F 'grep -F'; then echo "pattern found"; else echo "pattern absent"; fi
  fi
  printf '\036'
}
`;

const PROPERTIES = 'Id,LoadState,ActiveState,UnitFileState';

const serviceKind: ShellKind = {
  name: 'service',
  script: queries => {
    const units = [...new Set(queries.map(([name = '']) => unitName(name)))];
    const insisted = queries.some(([, use]) => use === 'systemd');
    return joinSh([
      LIBRARY,
      insisted ? sh`ask=systemd` : sh`ask=$detected`,
      // Units answer in the order of the command line, with an empty line between: they are numbered.
      sh`if [ "$ask" = systemd ]; then units=$(systemctl show -p ${PROPERTIES} -- ${units} 2>/dev/null | awk 'BEGIN { n = 1 } /^$/ { n++; next } { print n " " $0 }'); fi`,
      ...queries.map(
        ([name = '', use = 'auto', runlevel = '', pattern = '']) =>
          sh`answer ${[name, use, runlevel, pattern, units.indexOf(unitName(name)) + 1]}`,
      ),
      sh`exit 0`,
    ]);
  },
};

function unitName(name: string): string {
  return /\.(service|socket|timer|mount|path|target|slice|scope|swap|automount)$/.test(name)
    ? name
    : `${name}.service`;
}

export function serviceState(
  name: string,
  { use = 'auto', pattern = '', runlevel = '' }: ServiceLook = {},
): Probe<ServiceSeen> {
  return look(serviceKind, [name, use, runlevel, pattern], text => parseService(text, name));
}

export function parseService(text: string, name: string): ServiceSeen {
  const lines = text.split('\n');
  const rest = (word: string) => lines.find(line => line.startsWith(`${word} `))?.slice(word.length + 1);
  const property = (key: string) => lines.find(line => line.startsWith(`${key}=`))?.slice(key.length + 1);
  const manager = oneOf(['systemd', 'openrc', 'sysv'] as const, rest('manager')) ?? 'none';
  const enabler = oneOf(['update-rc.d', 'chkconfig', 'rc-update'] as const, rest('enabler')) ?? 'none';
  const linked = lines.includes('enabled');
  if (manager === 'systemd') return { manager, enabler, ...parseUnit(property, linked) };
  const active = parseStatus(Number(rest('status')), rest('said') ?? '', rest('pattern'), name);
  return { manager, enabler, exists: lines.includes('exists'), active, enabled: linked ? 'yes' : 'no' };
}

function oneOf<const W extends readonly string[]>(words: W, word: string | undefined): W[number] | undefined {
  return words.find(one => one === word);
}

/** @param linked a SysV script of that name has start links: what counts for units made from such scripts */
function parseUnit(
  property: (key: string) => string | undefined,
  linked: boolean,
): Pick<ServiceSeen, 'exists' | 'active' | 'enabled'> {
  const load = property('LoadState');
  const state = property('ActiveState');
  const file = property('UnitFileState');
  const running = state === 'active' || state === 'activating' || state === 'reloading';
  return {
    exists: load === 'loaded' || load === 'masked',
    active: running ? 'running' : state === 'failed' ? 'failed' : 'stopped',
    enabled: load === 'masked' || file === 'masked' ? 'masked' : enabledState(file, linked),
  };
}

function enabledState(file: string | undefined, linked: boolean): ServiceSeen['enabled'] {
  if (file === 'enabled' || file === 'alias') return 'yes';
  if (file === 'static' || file === 'indirect') return 'static';
  return file === 'generated' && linked ? 'yes' : 'no';
}

/** LSB's exit codes of `status`: 0 runs, 1 to 3 does not, others cannot tell; then the words decide. */
function parseStatus(
  code: number,
  said: string,
  pattern: string | undefined,
  name: string,
): ServiceSeen['active'] {
  if (pattern !== undefined) return pattern === 'found' ? 'running' : 'stopped';
  if (code === 32) return 'failed';
  if ([1, 2, 3, 4, 69].includes(code)) return 'stopped';
  const text = said.toLowerCase().replaceAll(name.toLowerCase(), '');
  if (/\bcrashed\b/.test(text)) return 'failed';
  if (/\bstop|\bnot (running|started)|\bdead\b/.test(text)) return 'stopped';
  if (/\brunning|\bstarted/.test(text) || code === 0) return 'running';
  return 'unknown';
}
