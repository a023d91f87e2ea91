/**
 * The copy with `consistency: snapshot`: the instance stands still while its file system makes a snapshot of itself, a
 * fraction of a second; rsync copies from that, for as long as it takes.
 */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import { rsyncOptions } from './copy.ts';
import { type Ground, groundText, showGround } from './ground.ts';
import type { BackupJob } from './job.ts';

/**
 * Each kind of file system has: `snapshot_prepare` (before the freeze), `snapshot_make` (in it; what it says is in frozen.err),
 * `snapshot_open` (sets `source`), `snapshot_sound` (after the copy), `snapshot_there`, `snapshot_drop`.
 */
const btrfsText: Sh = sh`snapshot=\${mount%/}/.girofle-snapshot-$id
snapshot_prepare() {
  nested=$(cd "$volumes" && find data config log -xdev -type d -inum 256 | head -n 1)
  if [ -n "$nested" ]; then fail "$volumes/$nested is a subvolume, which a snapshot leaves out: take consistency: pause"; fi
}
snapshot_make() { timeout -k 5 "$max_pause" btrfs subvolume snapshot -r "$holder" "$snapshot"; }
snapshot_open() { source=$snapshot/$inside; }
# What was a subvolume is an empty folder there, with the inode 2.
snapshot_sound() {
  nested=$(cd "$source" && find data config log -type d -inum 2 | head -n 1)
  [ -z "$nested" ] || { objected="$volumes/$nested became a subvolume meanwhile"; return 1; }
}
snapshot_there() { [ -d "$snapshot" ]; }
snapshot_drop() { btrfs subvolume delete "$snapshot"; }
dropping="btrfs subvolume delete $snapshot"`;

const zfsText: Sh = sh`snapshot=$holder@girofle-$id
snapshot_prepare() { :; }
snapshot_make() { timeout -k 5 "$max_pause" zfs snapshot "$snapshot"; }
snapshot_open() { source=\${mount%/}/.zfs/snapshot/girofle-$id/$inside; }
snapshot_sound() { :; }
snapshot_there() { zfs list -H -t snapshot -o name -d 1 "$holder" 2>/dev/null | grep -qxF "$snapshot"; }
snapshot_drop() { zfs destroy "$snapshot"; }
dropping="zfs destroy $snapshot"`;

/** A thin volume's snapshot shares the pool's room; any other is given a fifth of the volume, for what is written meanwhile. */
const lvmText: Sh = sh`snapshot=\${holder%/*}/girofle-$id
snapshot_prepare() {
  set -- $(lvs --noheadings --nosuffix --units k -o lv_attr,lv_size,vg_free "$holder" 2>/dev/null)
  case $1 in
    V*) thin=yes; return ;;
    ?*) thin= ;;
    *) fail "lvs does not know $holder" ;;
  esac
  size=$((\${2%.*} / 5)) room=\${3%.*}
  if [ "$room" -lt "$size" ]; then size=$room; fi
  if [ "$size" -lt 65536 ]; then
    fail "the volume group of $holder has $((room / 1024)) MiB free, and a snapshot needs 64 at least: take consistency: pause"
  fi
}
snapshot_make() {
  if [ -n "$thin" ]; then set -- -kn; else set -- -L "\${size}k"; fi
  timeout -k 5 "$max_pause" lvcreate -y -s "$@" -n "girofle-$id" "$holder"
}
snapshot_open() {
  source=$run/snapshot/$inside
  case $type in xfs) options=ro,nouuid ;; *) options=ro ;; esac
  mkdir -p "$run/snapshot" && mount -t "$type" -o "$options" "/dev/$snapshot" "$run/snapshot"
}
# One that has run full is of no use, whatever could be read from it.
snapshot_sound() {
  if [ -n "$thin" ]; then return; fi
  set -- $(lvs --noheadings -o lv_attr,data_percent "$snapshot" 2>/dev/null)
  case "$1 $2" in
    ????[IS]*|?*' 100'*|' ') objected="the snapshot ran full: more was written meanwhile than its $((size / 1024)) MiB hold"; return 1 ;;
  esac
}
snapshot_there() {
  umount "$run/snapshot" 2>/dev/null
  lvs "$snapshot" >/dev/null 2>&1
}
snapshot_drop() { lvremove -f -y "$snapshot"; }
dropping="lvremove $snapshot"`;

const kinds: Readonly<Record<Ground['kind'], Sh>> = { btrfs: btrfsText, zfs: zfsText, lvm: lvmText };

/** `drop_snapshot` gives 1, and says it in `left_behind`, when the snapshot stays in spite of all. */
const dropText: Sh = sh`drop_snapshot() {
  left_behind=
  tries=0
  while snapshot_there; do
    snapshot_drop >"$run/drop.err" 2>&1
    tries=$((tries + 1))
    if [ $tries -ge 5 ]; then
      if ! snapshot_there; then break; fi
      left_behind="its snapshot is still there, remove it: $dropping"
      return 1
    fi
    if [ $tries -gt 1 ]; then nap 1; fi
  done
}`;

/** As `hot_copy`, `frozen_copy`, `judge_copy` and `late_copy` of a copy in two passes. */
function passesText(job: BackupJob, ground: Ground): Sh {
  return sh`hot_copy() {
  now=$(ground)
  if [ "$now" != ${showGround(ground)} ]; then fail "what the volumes lie on has changed: $now"; fi
  snapshot_prepare
  began_utc=$(utc)
  clock
  began_uptime=$uptime
  hot=0
  # What the snapshot would have to wait for.
  sync -f "$volumes" 2>/dev/null || sync
}
frozen_copy() {
  snapshot_make >"$run/frozen.out" 2>"$run/frozen.err"
  frozen=$?
}
judge_copy() {
  if [ $frozen != 0 ]; then fail "no snapshot could be made: $(complaint frozen)"; fi
}
judge_pass() {
  if [ $2 = 0 ]; then return; fi
  if full $1 $2; then
    rm -rf "$partial"
    fail "the disk of $bckups is full: this backup is discarded"
  fi
  if ! snapshot_sound; then fail "$objected: this backup is discarded"; fi
  fail "the copy of the snapshot failed, rsync's code is $2: $(complaint $1)"
}
# With what was copied before, times may lie: the content of all that was touched since is compared.
list_suspects() {
  since_utc=\${previous_began:-$adopted}
  if [ -z "$since_utc" ]; then return 1; fi
  (cd "$source" && find data config log -type f \( -path 'data/postgresql/*' -o -path 'data/redis/*' -o -path 'data/prometheus/*' \
    -o -links +1 -o -newerct "$since_utc" \) -fprint0 "$run/suspects")
}
late_copy() {
  tell 'copy of the snapshot' ''
  snapshot_open 2>"$run/open.err" || fail "the snapshot cannot be read: $(complaint open)"
  if [ ! -d "$source/data" ]; then fail "the snapshot cannot be read: there is no $source/data"; fi
  set -- rsync ${rsyncOptions(job)} ${job.rsync.exact ? [] : ['--checksum']} ${job.hooks?.frozen ?? []} --delete --info=progress2
  if [ -n "$previous" ]; then set -- "$@" --link-dest="$bckups/$previous"; fi
  if [ -e "$home/distrust" ]; then set -- "$@" --checksum; fi
  copy snapshot "$@" "$source/data" "$source/config" "$source/log" "$partial/"
  frozen=$?
  judge_pass snapshot $frozen
  if list_suspects; then
    copy compared rsync ${rsyncOptions(job)} --checksum --from0 --files-from="$run/suspects" "$source/" "$partial/"
    frozen=$?
    judge_pass compared $frozen
  fi
  if ! snapshot_sound; then fail "$objected: this backup is discarded"; fi
  drop_snapshot || fail "$left_behind"
}`;
}

/** Nothing but functions that do nothing, where there is no snapshot to be made. */
const noneText: Sh = sh`late_copy() { :; }
drop_snapshot() { :; }`;

export function snapshotText(job: BackupJob): Sh {
  const { ground } = job;
  if (job.consistency !== 'snapshot' || ground === undefined) return noneText;
  const { holder, mount, inside, type } = ground;
  return joinSh([
    groundText,
    sh`holder=${holder} mount=${mount} inside=${inside} type=${type} thin= size=`,
    kinds[ground.kind],
    dropText,
    passesText(job, ground),
  ]);
}
