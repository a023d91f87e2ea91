/** Images for the checks of a restored instance: busybox, with programs of this machine, or with others in their names. */
import type { ValueMap } from '../../src/core/value.ts';

export interface CheckedImage {
  /** Path in the image to a script. */
  readonly fakes?: Readonly<Record<string, string>>;
  /** Programs of this machine, with their libraries: put at their own paths. */
  readonly programs?: readonly string[];
  /** Further files and folders of this machine. */
  readonly files?: readonly string[];
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Arguments of docker_image. The containers sleep until they are ended. */
export function checkedImage(
  name: string,
  { fakes = {}, programs = [], files = [] }: CheckedImage,
): ValueMap {
  const script = `set -e
tree=$(mktemp -d)
mkdir -p "$tree/bin" "$tree/tmp" "$tree/etc" "$tree/var/opt/gitlab"
chmod 1777 "$tree/tmp"
cp "$(command -v busybox)" "$tree/bin/busybox"
for one in $("$tree/bin/busybox" --list); do [ "$one" = busybox ] || ln -s busybox "$tree/bin/$one"; done
printf 'root:x:0:0:root:/:/bin/sh\\ngitlab-psql:x:996:996:postgres:/tmp:/bin/sh\\ngit:x:998:998:git:/tmp:/bin/sh\\n' >"$tree/etc/passwd"
for one in ${files.map(quoted).join(' ')}; do (cd / && cp -a --parents ".$one" "$tree"); done
libraries() { ldd "$1" 2>/dev/null | sed -n 's/.*=> \\(\\/[^ ]*\\).*/\\1/p; s/^[[:space:]]*\\(\\/[^ ]*\\) (.*/\\1/p'; }
for one in ${programs.map(quoted).join(' ')}; do
  mkdir -p "$tree/\${one%/*}"
  cp -L "$one" "$tree$one"
  for lib in $(libraries "$one"); do
    mkdir -p "$tree/\${lib%/*}"
    [ -e "$tree$lib" ] || cp -L "$lib" "$tree$lib"
  done
done
${Object.entries(fakes)
  .map(
    ([path, text]) => `mkdir -p "$tree"${quoted(path.slice(0, path.lastIndexOf('/')))}
printf '%s\\n' ${quoted(`#!/bin/sh\n${text}`)} >"$tree"${quoted(path)}
chmod 755 "$tree"${quoted(path)}`,
  )
  .join('\n')}
tar -c -C "$tree" .
rm -rf "$tree"`;
  return { name, source: 'import', import: { script, changes: ['ENV PATH=/bin', 'CMD ["sleep", "10000"]'] } };
}
