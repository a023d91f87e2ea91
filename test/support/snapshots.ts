/** File systems for `consistency: snapshot`: a real btrfs in a file; LVM and ZFS played by commands that copy a folder. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { command } from './backup-rig.ts';

/** Makes a file system in a file and mounts it there; unmounting frees its loop device. */
export function mountImage(type: 'btrfs' | 'ext4', folder: string): void {
  const image = `${folder}.img`;
  rmSync(image, { force: true });
  command('truncate', '-s', '400M', image);
  command(`mkfs.${type}`, '-q', image);
  mkdirSync(folder, { recursive: true });
  command('mount', '-o', 'loop', image, folder);
}

export interface Fake {
  readonly env: Readonly<Record<string, string>>;
  /** The orders that it was given, a line each; questions left out. */
  log(): readonly string[];
  /** Snapshots that are there. */
  snapshots(): readonly string[];
  /** From now on the snapshot has run full. */
  overflow(): void;
}

/** In `$FAKE/snapshots/ID` there is a copy of the folder for each snapshot. */
const COMMON = `#!/bin/sh
printf '%s %s\\n' "\${0##*/}" "$*" >>"$FAKE/log"
for last; do :; done
PATH=\${PATH#*:}
`;

const LVM: Readonly<Record<string, string>> = {
  lvs: `case "$*" in
  *vg_name*) echo '  vg0/lv0' ;;
  *vg_free*) echo "  $(cat "$FAKE/attr") 1048576.00 $(cat "$FAKE/free")" ;;
  *) [ -d "$FAKE/snapshots/\${last##*/girofle-}" ] || exit 5
    if [ -e "$FAKE/full" ]; then echo '  swi-I-s--- 100.00'; else echo '  swi-aos--- 3.20'; fi ;;
esac`,
  lvcreate: `while [ "$1" != -n ]; do shift; done
mkdir -p "$FAKE/snapshots" && cp -a "$FAKE_SOURCE" "$FAKE/snapshots/\${2#girofle-}"`,
  lvremove: 'rm -r "$FAKE/snapshots/${last##*/girofle-}"',
  mount: 'exec mount --bind "$FAKE/snapshots/${5##*/girofle-}" "$6"',
};

/** What reads the list of mounts is told of ZFS. */
const ZFS: Readonly<Record<string, string>> = {
  awk: `case $last in
  /proc/self/mountinfo) sed "s| - ext4 [^ ]* | - zfs tank/g |" "$last" | { awk "$1"; exit; } ;;
  *) exec awk "$@" ;;
esac`,
  zfs: `id=\${last##*@girofle-}
case $1 in
  snapshot) mkdir -p "$FAKE/snapshots" "$FAKE_SOURCE/.zfs/snapshot"
    cp -a "$FAKE_SOURCE" "$FAKE/snapshots/$id"
    ln -s "$FAKE/snapshots/$id" "$FAKE_SOURCE/.zfs/snapshot/girofle-$id" ;;
  list) ls "$FAKE/snapshots" 2>/dev/null | sed 's|^|tank/g@girofle-|' ;;
  destroy) rm -r "$FAKE/snapshots/$id" "$FAKE_SOURCE/.zfs/snapshot/girofle-$id" ;;
esac`,
};

/**
 * Commands that stand before the real ones in PATH.
 * @param source the folder that a snapshot holds
 */
export function fake(kind: 'lvm' | 'zfs' | 'thin', folder: string, source: string, freeKiB = 524_288): Fake {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(`${folder}/bin`, { recursive: true });
  for (const [name, text] of Object.entries(kind === 'zfs' ? ZFS : LVM)) {
    writeFileSync(`${folder}/bin/${name}`, `${COMMON}${text}\n`);
    chmodSync(`${folder}/bin/${name}`, 0o755);
  }
  writeFileSync(`${folder}/attr`, kind === 'thin' ? 'Vwi-aotz--' : '-wi-ao----');
  writeFileSync(`${folder}/free`, `${freeKiB}.00`);
  const lines = (file: string) =>
    existsSync(`${folder}/${file}`) ? readFileSync(`${folder}/${file}`, 'utf8').trim().split('\n') : [];
  return {
    env: { PATH: `${folder}/bin:${process.env.PATH}`, FAKE: folder, FAKE_SOURCE: source },
    log: () =>
      lines('log').filter(line => /^(?:lvcreate|lvremove|mount|zfs snapshot|zfs destroy) /.test(line)),
    snapshots: () =>
      existsSync(`${folder}/snapshots`)
        ? command('ls', `${folder}/snapshots`)
            .split('\n')
            .filter(name => name !== '')
        : [],
    overflow: () => writeFileSync(`${folder}/full`, ''),
  };
}
