/**
 * The image of the lab: Debian with PostgreSQL and git, arranged as GitLab's container is. Debian's part is made by
 * debootstrap once and kept; both parts are kept by what they are made of.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const SUITE = 'bookworm';
const PACKAGES = ['postgresql-15', 'git', 'ca-certificates'];
const TAG = '17.5.2-ce.0';
const FILES = 'test/lab/image';

/** What apt can fetch again, what nobody reads there, and LLVM, without which PostgreSQL compiles nothing. */
const LEFT_OUT = [
  'var/cache/apt/*',
  'var/lib/apt/lists/*',
  'var/lib/postgresql/15',
  'var/log/*',
  'usr/share/doc/*',
  'usr/share/locale/*',
  'usr/share/man/*',
  'usr/lib/x86_64-linux-gnu/libLLVM*',
  'usr/lib/x86_64-linux-gnu/libz3*',
  'usr/lib/postgresql/15/lib/bitcode',
  'dev/*',
];

const DEBIAN = `
set -e
if [ -f "$ARCHIVE" ]; then exit 0; fi
mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $SUITE" 'Component: main' 2>/dev/null | head -n 1)
folder=$(mktemp -d)
trap 'rm -rf "$folder" "$ARCHIVE.part"' EXIT
debootstrap --variant=minbase --include="$INCLUDE" "$SUITE" "$folder/root" "\${mirror:-http://deb.debian.org/debian}" >&2
printf 'gitlab-psql:x:996:996::/tmp:/bin/sh\\ngit:x:998:998::/tmp:/bin/sh\\n' >>"$folder/root/etc/passwd"
printf 'gitlab-psql:x:996:\\ngit:x:998:\\n' >>"$folder/root/etc/group"
set -f
for pattern in $LEFT_OUT; do set -- "$@" "--exclude=./$pattern"; done
tar -C "$folder/root" "$@" -cf "$ARCHIVE.part" .
mv "$ARCHIVE.part" "$ARCHIVE"
`;

const IMPORT = `
set -e
if docker image inspect "$IMAGE" >/dev/null 2>&1; then exit 0; fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/tree"
cp "$FILES"/* "$folder/tree/"
chmod 755 "$folder"/tree/*.sh
printf 'RELEASE_PACKAGE=girofle-lab\\nRELEASE_VERSION=%s\\n' "$TAG" >"$folder/tree/RELEASE"
cp "$ARCHIVE" "$folder/image.tar"
(cd "$folder/tree" && tar --owner=0 --group=0 -rf "$folder/image.tar" ./*)
docker import --change 'CMD ["/start.sh"]' --change 'HEALTHCHECK --interval=1s --timeout=5s --retries=5 CMD /health.sh' \\
  --change 'ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$folder/image.tar" "$IMAGE" >&2
# Those of earlier forms; one that is in use stays.
for other in $(docker images --format '{{.Repository}}:{{.Tag}}' 'girofle-lab/*'); do
  if [ "$other" != "$IMAGE" ]; then docker rmi "$other" >/dev/null 2>&1 || true; fi
done
`;

/** What making it needs and this machine lacks; undefined when all is there. */
export function imageLacks(): string | undefined {
  if (process.getuid?.() !== 0) return 'root';
  const folders = (process.env.PATH ?? '').split(':');
  return ['docker', 'debootstrap', 'flock', 'rsync'].find(
    tool => !folders.some(folder => existsSync(join(folder, tool))),
  );
}

const keyOf = (...parts: readonly string[]) =>
  createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12);

/** Makes the image unless it is there; its name. A minute or two the first time. */
export async function labImage(): Promise<string> {
  const debian = keyOf(SUITE, ...PACKAGES, ...LEFT_OUT, DEBIAN);
  const own = readdirSync(FILES)
    .sort()
    .map(name => readFileSync(join(FILES, name), 'utf8'));
  const folder = join(tmpdir(), 'girofle-test-cache');
  mkdirSync(folder, { recursive: true });
  const env = {
    ...process.env,
    SUITE,
    TAG,
    FILES,
    INCLUDE: PACKAGES.join(','),
    LEFT_OUT: LEFT_OUT.join(' '),
    ARCHIVE: join(folder, `lab-${debian}.tar`),
    IMAGE: `girofle-lab/gitlab-${keyOf(debian, IMPORT, ...own)}:${TAG}`,
  };
  for (const script of [DEBIAN, IMPORT]) {
    await run('flock', [join(folder, 'lab-lock'), 'sh', '-c', script], { env, maxBuffer: 64 * 1024 * 1024 });
  }
  return env.IMAGE;
}
