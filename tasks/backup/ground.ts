/** What an instance's volumes lie on: whether that can make a snapshot of itself, and by which name it is called. */
import { type Sh, sh } from '../../src/core/sh.ts';

export interface Ground {
  readonly kind: 'btrfs' | 'zfs' | 'lvm';
  /** Of the file system, as mount knows it. */
  readonly type: string;
  /** The subvolume's folder; the data set; `group/volume`. */
  readonly holder: string;
  /** The folder where it is to be seen. */
  readonly mount: string;
  /** mapping-volumes, as seen from there; '' for the same. */
  readonly inside: string;
}

/** Or a sentence: why there can be no snapshot. */
export type Footing = Ground | { readonly unfit: string };

/**
 * `ground` prints `ground KIND TYPE HOLDER MOUNT INSIDE`, with tabs after the first space, or `unfit SENTENCE`. Needs `volumes`.
 */
export const groundText: Sh = sh`ground() {
  here=$(cd "$volumes" 2>/dev/null && pwd -P) || { echo "unfit $volumes is not there"; return; }
  type= source= root= mount= inner=
  { IFS= read -r type; IFS= read -r source; IFS= read -r root; IFS= read -r mount; IFS= read -r inner; } <<END
$(mounted_at "$here")
END
  if [ -n "$inner" ]; then echo "unfit $inner is mounted inside of $here, and a snapshot would leave it out"; return; fi
  case $type in
    btrfs) subvolume ;;
    zfs) whole && needs zfs zfsutils-linux && holder=$source && tell_ground zfs ;;
    *) whole && logical_volume ;;
  esac
}
tell_ground() {
  inside=\${here#"\${mount%/}"}
  printf 'ground %s\t%s\t%s\t%s\t%s\n' "$1" "$type" "$holder" "$mount" "\${inside#/}"
}
needs() { command -v "$1" >/dev/null 2>&1 || { echo "unfit $here is on $type, and there is no $1 on this host: install $2"; return 1; }; }
whole() { [ "$root" = / ] || { echo "unfit $mount shows only a part of its file system (a bind mount)"; return 1; }; }
mounted_at() {
  HERE=$1 awk '
    function plain(text) { gsub(/\\040/, " ", text); gsub(/\\011/, "\t", text); gsub(/\\134/, "\\\\", text); return text }
    BEGIN { here = ENVIRON["HERE"] }
    {
      point = plain($5)
      if (index(point, here "/") == 1) inner = point
      if (point != "/" && point != here && index(here, point "/") != 1) next
      if (length(point) < length(best)) next
      best = point
      root = plain($4)
      for (i = 7; $i != "-"; i++) continue
      type = $(i + 1)
      source = plain($(i + 2))
    }
    END { print type; print source; print root; print best; print inner }' /proc/self/mountinfo
}
# The root of a subvolume has the inode 256.
subvolume() {
  needs btrfs btrfs-progs || return
  top=$here
  until [ "$(stat -c %i "$top")" = 256 ]; do
    if [ "$top" = "$mount" ]; then echo "unfit $mount shows only a part of its subvolume (a bind mount)"; return; fi
    top=\${top%/*}
    top=\${top:-/}
  done
  for volume in data config log; do
    if [ "$(stat -c %d "$here/$volume")" != "$(stat -c %d "$top")" ]; then
      echo "unfit $here/$volume is a subvolume of its own, and one snapshot must hold all three volumes"
      return
    fi
  done
  holder=$top mount=$top
  tell_ground btrfs
}
logical_volume() {
  holder=
  case $source in
    /dev/*) holder=$(lvs --noheadings --separator / -o vg_name,lv_name "$source" 2>/dev/null | tr -d ' ') ;;
  esac
  case $holder in
    ?*/?*) tell_ground lvm ;;
    *) echo "unfit $here is on $type ($source), which is neither btrfs, ZFS nor LVM" ;;
  esac
}`;

/** Of what follows the word `ground`. */
export function readGround(written: string): Ground | undefined {
  const [kind = '', type = '', holder = '', mount = '', inside = ''] = written.split('\t');
  return kind === 'btrfs' || kind === 'zfs' || kind === 'lvm'
    ? { kind, type, holder, mount, inside }
    : undefined;
}

/** As `ground` prints it. */
export function showGround({ kind, type, holder, mount, inside }: Ground): string {
  return `ground ${[kind, type, holder, mount, inside].join('\t')}`;
}
