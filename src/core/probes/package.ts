/** Packages of a host, whatever its package manager: one query of the package database answers for all that are asked about. */
import { look, type Probe, type ShellKind } from '../probe.ts';
import { joinSh, sh } from '../sh.ts';

export type PackageManager = 'apt' | 'dnf' | 'yum' | 'zypper' | 'apk' | 'pacman' | 'none';

/** What must be known: whether it is installed; also what could be installed if it is not; or in any case. */
export type PackageLook = 'installed' | 'candidate' | 'latest';

export interface InstalledPackage {
  readonly name: string;
  readonly arch: string;
  /** With epoch, unless that is 0. */
  readonly version: string;
  /** `config`: removed, but its configuration files are left. `broken`: half installed or configured. */
  readonly state: 'installed' | 'config' | 'broken';
  /** Installed because another package needed it. */
  readonly auto?: true;
}

export interface AvailablePackage {
  readonly name: string;
  /** The version that would be installed; undefined when there is none (virtual packages). */
  readonly candidate?: string;
  readonly versions: readonly string[];
}

export interface PackageSeen {
  readonly manager: PackageManager;
  /** False when the manager has no package lists yet: then what is available is not known. */
  readonly listed: boolean;
  /** More than one for a pattern, or for several architectures. */
  readonly installed: readonly InstalledPackage[];
  readonly available: readonly AvailablePackage[];
  /** Installed packages that provide the name. */
  readonly providers: readonly string[];
}

/** Nothing in apt's caches is renewed by looking. */
const LIBRARY = sh`
LC_ALL=C; export LC_ALL
IFS='
'
set -f
tab=$(printf '\t')
has() { command -v "$1" >/dev/null 2>&1; }
if has apt-get && has dpkg-query; then manager=apt
elif has dnf || has dnf5; then manager=dnf
elif has yum; then manager=yum
elif has zypper; then manager=zypper
elif has apk; then manager=apk
elif has pacman; then manager=pacman
else manager=none; fi
apt_cache() { apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Cmd::Disable-Script-Warning=1 "$@" 2>/dev/null; }
listed=yes
if [ "$manager" = apt ] && ! ls /var/lib/apt/lists | grep -q '_Packages'; then listed=no; fi

is_pattern() { case $1 in *[*?[]*) return 0;; esac; return 1; }
records() { for record in $database; do case $record in $1"$tab"*) printf 'installed %s\n' "$record";; esac; done; }
is_installed() { for record in $database; do case $record in "$1$tab"*"$tab"?i*) return 0;; esac; done; return 1; }
blocks() {
  on=
  for line in $policy; do
    case $line in
      ' '*) ;;
      $1: | \${1%%:*}:) on=1;;
      *) on=;;
    esac
    if [ -n "$on" ]; then printf 'policy %s\n' "$line"; fi
  done
}
providers() {
  for record in $provides; do
    case ", \${record##*"$tab"}," in *", $1,"* | *", $1 ("*) printf 'provider %s\n' "\${record%%"$tab"*}";; esac
  done
}
updates() { for line in $updates; do case $line in "$1".*) printf 'update %s\n' "$line";; esac; done; }
answer() {
  printf 'manager %s\nlisted %s\n' "$manager" "$listed"
  case $manager in
    apt) records "\${1%%:*}"; blocks "$1"; providers "$1"; for name in $auto; do if [ "$name" = "\${1%%:*}" ]; then echo auto; fi; done;;
    dnf | yum) for record in $database; do case $record in *"$tab"$1"$tab"*) printf 'installed %s\n' "$record";; esac; done; updates "$1";;
  esac
  printf '\036'
}
`;

/** Sets `database`, `policy`, `provides` and `auto` for the names of all queries. */
const APT = sh`
look_apt() {
  database=; policy=; provides=; auto=; names=; asked=
  for query in "$@"; do names="$names\${query#* }
"; done
  database=$(dpkg-query -W -f '\${Package}\t\${Architecture}\t\${db:Status-Abbrev}\t\${Version}\n' $names 2>/dev/null)
  if [ -r /var/lib/apt/extended_states ] && has awk; then
    auto=$(awk '$1 == "Package:" { name = $2 } $1 == "Auto-Installed:" && $2 == "1" { print name }' /var/lib/apt/extended_states)
  fi
  for query in "$@"; do
    name=\${query#* }
    case $query in
      installed*) continue;;
      candidate*) if ! is_pattern "$name" && is_installed "\${name%%:*}"; then continue; fi;;
    esac
    if is_pattern "$name"; then
      for known in $(apt_cache pkgnames "\${name%%[*?[]*}"); do case $known in $name) asked="$asked$known
";; esac; done
    else asked="$asked$name
"; fi
  done
  if [ -n "$asked" ] && [ "$listed" = yes ]; then
    policy=$(if [ -n "$release" ]; then apt_cache -t "$release" policy $asked; else apt_cache policy $asked; fi)
  fi
  if [ -n "$asked" ]; then
    provides=$(dpkg-query -W -f '\${Package}\t\${db:Status-Abbrev}\t\${Provides}\n' 2>/dev/null | grep "^[^$tab]*$tab.i.*$tab.")
  fi
}
`;

/** Each name in all the forms by which it may be asked for, between tabs. */
const RPM = sh`
look_rpm() {
  database=; updates=; names=; latest=
  for query in "$@"; do
    names="$names\${query#* }
"
    case $query in latest*) latest="$latest\${query#* }
";; esac
  done
  form='%{EPOCHNUM}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{NAME}\t%{NAME}.%{ARCH}\t%{NAME}-%{VERSION}\t%{NAME}-%{VERSION}-%{RELEASE}\t%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\t\n'
  database=$(rpm -q --qf "$form" $names 2>/dev/null | grep "$tab")
  for name in $names; do
    case $name in
      *[*?[]*) database="$database
$(rpm -qa --qf "$form" "$name" 2>/dev/null)";;
      *) case "$database" in *"$tab$name$tab"*) ;; *) database="$database
$(rpm -q --whatprovides --qf "$form$name\t\n" "$name" 2>/dev/null | grep "$tab")";; esac;;
    esac
  done
  if [ -n "$latest" ]; then updates=$("$manager" -q -C check-update $latest 2>/dev/null); fi
}
`;

const packageKind: ShellKind = {
  name: 'package',
  script: queries => {
    const releases = [...new Set(queries.map(([, , release = '']) => release))];
    const parts = releases.map(release => {
      const asked = queries
        .filter(([, , of = '']) => of === release)
        .map(([name = '', level = '']) => `${level} ${name}`);
      return sh`release=${release}; case $manager in apt) look_apt ${asked};; dnf | yum) look_rpm ${asked};; esac`;
    });
    return joinSh([LIBRARY, APT, RPM, ...answersInOrder(queries, releases, parts), sh`exit 0`]);
  },
};

/** Looks once for each release; queries of one release that stand apart need a second look at what was found. */
function answersInOrder(
  queries: readonly (readonly string[])[],
  releases: readonly string[],
  looks: readonly ReturnType<typeof sh>[],
) {
  let current: string | undefined;
  return queries.flatMap(([name = '', , release = '']) => {
    const change = release === current ? [] : [looks[releases.indexOf(release)] ?? sh`:`];
    current = release;
    return [...change, sh`answer ${name}`];
  });
}

/** @param name may be a pattern (`*`, `?`, `[`) @param release apt's target release for the candidate */
export function packageState(name: string, level: PackageLook, release = ''): Probe<PackageSeen> {
  return look(packageKind, [name, level, release], text => parsePackage(text));
}

/** The manager alone. */
export function packageManager(): Probe<PackageManager> {
  return look(packageKind, ['', 'installed', ''], text => parsePackage(text).manager);
}

/** Lines with a word in front; `installed` holds dpkg's or rpm's fields between tabs. */
export function parsePackage(text: string): PackageSeen {
  const lines = text.split('\n');
  const rest = (word: string) =>
    lines.filter(line => line.startsWith(`${word} `)).map(line => line.slice(word.length + 1));
  const manager = managerOf(rest('manager')[0]);
  const auto = lines.includes('auto');
  const parse = manager === 'apt' ? parseDpkg : parseRpm;
  return {
    manager,
    listed: rest('listed')[0] !== 'no',
    installed: rest('installed')
      .flatMap(line => parse(line))
      .map(one => (auto ? { ...one, auto } : one)),
    available: manager === 'apt' ? parsePolicy(rest('policy')) : rest('update').flatMap(parseUpdate),
    providers: rest('provider'),
  };
}

function managerOf(word: string | undefined): PackageManager {
  const managers: readonly PackageManager[] = ['apt', 'dnf', 'yum', 'zypper', 'apk', 'pacman'];
  return managers.find(manager => manager === word) ?? 'none';
}

/** dpkg's abbreviated status: the wanted state, the state (i, c, n, ...), an error flag. */
function parseDpkg(line: string): readonly InstalledPackage[] {
  const [name = '', arch = '', status = '', version = ''] = line.split('\t');
  const code = status.charAt(1);
  if (code === 'n' || code === '') return [];
  return [{ name, arch, version, state: code === 'i' ? 'installed' : code === 'c' ? 'config' : 'broken' }];
}

function parseRpm(line: string): readonly InstalledPackage[] {
  const [epoch = '', version = '', arch = '', name = ''] = line.split('\t');
  if (name === '') return [];
  return [
    {
      name,
      arch,
      version: epoch === '0' || epoch === '' ? version : `${epoch}:${version}`,
      state: 'installed',
    },
  ];
}

/** `name.arch   version   repository`, as check-update prints. */
function parseUpdate(line: string): readonly AvailablePackage[] {
  const [full = '', version = ''] = line.split(/\s+/);
  return [{ name: full.replace(/\.[^.]*$/, ''), candidate: version, versions: [version] }];
}

/** What `apt-cache policy` prints: a name, `Installed:`, `Candidate:` and a table of versions with their priorities. */
function parsePolicy(lines: readonly string[]): readonly AvailablePackage[] {
  const starts = lines.flatMap((line, i) => (line.startsWith(' ') ? [] : [i]));
  return starts.map((start, n) => {
    const block = lines.slice(start, starts[n + 1]);
    const candidate = /^ {2}Candidate: (.+)$/m.exec(block.join('\n'))?.[1];
    const versions = block.flatMap(line => /^ (?: {4}|\*\*\* )(\S+) -?\d+$/.exec(line)?.[1] ?? []);
    const name = (block[0] ?? '').replace(/:$/, '');
    return { name, versions, ...(candidate === undefined || candidate === '(none)' ? {} : { candidate }) };
  });
}
