/** restic on a host that has none, or one that is too old: the package, else the official binary with a pinned checksum. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { type Installer, installScript } from '../docker/engine.ts';

export interface Release {
  readonly version: string;
  /** Without the file's name. */
  readonly url: string;
  /** SHA-256 of `restic_VERSION_linux_ARCHITECTURE.bz2`, as the release's SHA256SUMS has them, by restic's names. */
  readonly sums: Readonly<Record<'amd64' | 'arm64' | 'arm' | '386', string>>;
  /** Where it is put. */
  readonly target: string;
}

export const RELEASE: Release = {
  version: '0.18.1',
  url: 'https://github.com/restic/restic/releases/download/v0.18.1',
  sums: {
    amd64: '680838f19d67151adba227e1570cdd8af12c19cf1735783ed1ba928bc41f363d',
    arm64: '87f53fddde38764095e9c058a3b31834052c37e5826d2acf34e18923c006bd45',
    arm: '1ead22ca3b123f11cd1ce74ba4079c324aa616efb25227c715471420a1c2a364',
    '386': 'b6c4b3dc507ac8df840b5611ada36134fa2208a2941be3376096137712659f81',
  },
  target: '/usr/local/bin/restic',
};

/** From this version on restic can do what we ask of it. */
export const OLDEST = '0.14';

/** Whether `restic version` says a version that will do. */
export function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 0 || minor >= 14;
}

/** `official_restic` fetches, compares, unpacks, tries and places it; on failure a sentence on stderr. */
export function binaryText({ version, url, sums, target }: Release): Sh {
  return sh`official_restic() (
  case $(uname -m) in
    x86_64) architecture=amd64 sum=${sums.amd64} ;;
    aarch64) architecture=arm64 sum=${sums.arm64} ;;
    armv6l|armv7l) architecture=arm sum=${sums.arm} ;;
    i?86) architecture=386 sum=${sums['386']} ;;
    *) echo "there is no official restic for $(uname -m) that we know the checksum of: install restic ${OLDEST} or later by hand" >&2; exit 1 ;;
  esac
  name=${`restic_${version}_linux_`}$architecture.bz2
  from=${url}/$name
  place=${target}
  work=$(mktemp -d) || exit 1
  trap 'rm -rf "$work"' EXIT
  if command -v curl >/dev/null 2>&1; then curl -fsSL --retry 2 --max-time 900 -o "$work/$name" "$from"
  elif command -v wget >/dev/null 2>&1; then wget -q -T 60 -O "$work/$name" "$from"
  else echo 'neither curl nor wget is on this host to fetch restic with' >&2; exit 1
  fi || { echo "$from cannot be fetched: install restic ${OLDEST} or later by hand" >&2; exit 1; }
  found=$(sha256sum <"$work/$name" | cut -c 1-64)
  if [ "$found" != "$sum" ]; then
    echo "$from is not what its checksum says ($found, and not $sum): nothing was installed" >&2
    exit 1
  fi
  bunzip2 -c <"$work/$name" >"$work/restic" || { echo 'restic cannot be unpacked: install bzip2' >&2; exit 1; }
  chmod 0755 "$work/restic" && "$work/restic" version >/dev/null || { echo 'the official restic does not run on this host' >&2; exit 1; }
  mkdir -p "\${place%/*}" && cp "$work/restic" "$place.new" && mv -f "$place.new" "$place" || exit 1
  echo "restic ${version} was installed as $place"
)`;
}

/**
 * The package where there is one, the official binary where that is none or too old.
 * @param manager '' where there is none that we know
 */
export function resticScript(manager: Installer['manager'] | '', release: Release = RELEASE): Sh {
  const packaged = (name: string) =>
    manager === '' ? sh`false` : installScript({ manager, packages: [name] });
  return joinSh([
    sh`PATH=/usr/local/bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin`,
    binaryText(release),
    sh`packaged_restic() (
${packaged('restic')}
)
packaged_bzip2() (
${packaged('bzip2')}
)
recent() {
  version=$(restic version 2>/dev/null | sed -n 's/^restic \([0-9]*\.[0-9]*\).*/\1/p')
  case $version in ''|0.?|0.1[0-3]) return 1 ;; esac
}
if ! command -v restic >/dev/null 2>&1; then packaged_restic; fi
if recent; then exit 0; fi
echo "no package brings restic "${OLDEST}" or later: the official binary does"
command -v bunzip2 >/dev/null 2>&1 || packaged_bzip2
official_restic`,
  ]);
}
