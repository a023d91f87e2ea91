/** Facts of processors, memory, file systems, disks and the board. */
import type { Value, ValueMap } from '../../src/core/value.ts';
import { defined, type Gathered, linesOf } from './output.ts';

/** Counts as Ansible does: sockets by physical id, cores and threads from the first of each. */
export function processorFacts(gathered: Gathered): ValueMap {
  const rows = linesOf(gathered.section('cpu')).map(line => {
    const colon = line.indexOf(':');
    return { key: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() };
  });
  const listed = rows.filter(({ key }) =>
    ['processor', 'vendor_id', 'model name', 'Processor', 'cpu', 'Vendor'].includes(key),
  );
  const times = (key: string) => rows.filter(row => row.key === key).length;
  const first = (key: string) => rows.find(row => row.key === key)?.value;
  const sockets = new Set(rows.filter(({ key }) => key === 'physical id').map(({ value }) => value)).size;
  const single =
    times('vendor_id') > 0 && times('vendor_id') === times('model name')
      ? times('vendor_id')
      : times('processor');
  const count = sockets || single || 1;
  const cores = Number(first('cpu cores') ?? 1);
  const threads = Math.max(1, Math.floor(Number(first('siblings') ?? cores) / cores));
  return {
    processor: listed.map(({ value }) => value),
    processor_count: count,
    processor_cores: cores,
    processor_threads_per_core: threads,
    processor_vcpus: threads * count * cores,
    processor_nproc: allowedProcessors(gathered) ?? threads * count * cores,
  };
}

/** `0-3,8` → 5 */
function allowedProcessors(gathered: Gathered): number | undefined {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(gathered.file('/proc/self/status') ?? '')?.[1];
  return list?.split(',').reduce((total, range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return total + to - from + 1;
  }, 0);
}

export function memoryFacts(gathered: Gathered): ValueMap {
  const sizes = Object.fromEntries(
    [...(gathered.file('/proc/meminfo') ?? '').matchAll(/^(\w+):\s+(\d+)/gm)].map(
      ([, name = '', kilobytes]) => [name, Math.floor(Number(kilobytes) / 1024)],
    ),
  );
  const { MemTotal: total = 0, MemFree: free = 0, Buffers: buffers = 0, Cached: cached = 0 } = sizes;
  const { SwapTotal: swap = 0, SwapFree: swapFree = 0, SwapCached: swapCached = 0 } = sizes;
  const unused = free + cached + buffers;
  return {
    memtotal_mb: total,
    memfree_mb: free,
    swaptotal_mb: swap,
    swapfree_mb: swapFree,
    memory_mb: {
      real: { total, free, used: total - free },
      nocache: { free: unused, used: total - unused },
      swap: { total: swap, free: swapFree, used: swap - swapFree, cached: swapCached },
    },
  };
}

export function uptimeFact(gathered: Gathered): ValueMap {
  const text = gathered.file('/proc/uptime');
  return text === undefined ? {} : { uptime_seconds: Math.floor(Number(text.split(' ')[0])) };
}

/** File systems on devices and servers; sizes in bytes and blocks, as statvfs(2) gives them. */
export function mountFacts(gathered: Gathered): ValueMap {
  const binds = bindMounts(gathered);
  const uuids = deviceUuids(gathered);
  const sizes = mountSizes(gathered);
  const mounts = linesOf(gathered.file('/proc/mounts')).flatMap(line => {
    const [device = '', mount = '', fstype = '', options = ''] = line.split(' ').map(unescapeOctal);
    if (!(device.startsWith('/') || device.includes(':/')) || fstype === 'none') return [];
    const bind = binds.has(mount) && !/(^|,)(r?bind)(,|$)/.test(options);
    return [
      {
        device,
        mount,
        fstype,
        options: bind ? `${options},bind` : options,
        ...sizes.get(mount),
        uuid: uuids.get(device) ?? 'N/A',
      },
    ];
  });
  // A mount point that is mounted over is listed once, as it is now.
  return { mounts: [...new Map(mounts.map(one => [one.mount, one])).values()] };
}

/** The fourth field of mountinfo is the directory of the file system that is mounted: not / in a bind mount. */
function bindMounts(gathered: Gathered): ReadonlySet<string> {
  const fields = linesOf(gathered.file('/proc/self/mountinfo')).map(line => line.split(' '));
  return new Set(
    fields.filter(([, , , root]) => root !== '/').map(([, , , , mount = '']) => unescapeOctal(mount)),
  );
}

function mountSizes(gathered: Gathered): ReadonlyMap<string, ValueMap> {
  return new Map(
    linesOf(gathered.section('sizes')).flatMap(line => {
      const [, ...fields] = /^(\d+) (\d+) (\d+) (\d+) (\d+) (.*)$/.exec(line) ?? [];
      const mount = fields[5];
      const [size = 0, total = 0, available = 0, inodes = 0, freeInodes = 0] = fields.slice(0, 5).map(Number);
      if (mount === undefined) return [];
      const sizes = {
        size_total: size * total,
        size_available: size * available,
        block_size: size,
        block_total: total,
        block_available: available,
        block_used: total - available,
        inode_total: inodes,
        inode_available: freeInodes,
        inode_used: inodes - freeInodes,
      };
      return [[mount, sizes] as const];
    }),
  );
}

/** Links `UUID -> ../../sda1`. */
function deviceUuids(gathered: Gathered): ReadonlyMap<string, string> {
  return new Map(
    linesOf(gathered.section('uuids')).flatMap(line => {
      const [, uuid, target] = / (\S+) -> (\S+)$/.exec(line) ?? [];
      return uuid === undefined || target === undefined
        ? []
        : [[`/dev/${target.replace(/^.*\//, '')}`, uuid] as const];
    }),
  );
}

function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

const SECTOR = 512;

export function deviceFacts(gathered: Gathered): ValueMap {
  const blocks = linesOf(gathered.section('blocks'));
  return {
    devices: Object.fromEntries(
      blocks.map(path => [path.replace(/^.*\//, ''), describeDevice(path, gathered)]),
    ),
  };
}

function describeDevice(path: string, gathered: Gathered): ValueMap {
  const name = path.replace(/^.*\//, '');
  const folder = `/sys/block/${name}`;
  const read = (file: string) => gathered.file(`${folder}/${file}`)?.trim();
  const sectors = Number(read('size') ?? 0);
  const partitions = gathered.between(`${folder}/`, '/start');
  return {
    model: read('device/model') ?? null,
    vendor: read('device/vendor') ?? null,
    removable: read('removable') ?? null,
    rotational: read('queue/rotational') ?? null,
    support_discard: read('queue/discard_granularity') ?? null,
    sectors: String(sectors),
    sectorsize: read('queue/hw_sector_size') ?? String(SECTOR),
    size: describeSize(sectors * SECTOR),
    virtual: path.includes('/devices/virtual/') ? 1 : 0,
    partitions: Object.fromEntries(
      partitions.map(part => [part, describePartition(`${folder}/${part}`, gathered)]),
    ),
  };
}

function describePartition(folder: string, gathered: Gathered): ValueMap {
  const sectors = gathered.file(`${folder}/size`)?.trim() ?? '0';
  return {
    start: gathered.file(`${folder}/start`)?.trim() ?? '0',
    sectors,
    sectorsize: SECTOR,
    size: describeSize(Number(sectors) * SECTOR),
  };
}

function describeSize(bytes: number): string {
  const units = ['Bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];
  const step = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** step).toFixed(2)} ${units[step]}`;
}

/** Fact → file of the firmware's tables. */
const BOARD: Readonly<Record<string, string>> = {
  bios_date: 'bios_date',
  bios_vendor: 'bios_vendor',
  bios_version: 'bios_version',
  board_asset_tag: 'board_asset_tag',
  board_name: 'board_name',
  board_serial: 'board_serial',
  board_vendor: 'board_vendor',
  board_version: 'board_version',
  chassis_asset_tag: 'chassis_asset_tag',
  chassis_serial: 'chassis_serial',
  chassis_vendor: 'chassis_vendor',
  chassis_version: 'chassis_version',
  product_name: 'product_name',
  product_serial: 'product_serial',
  product_uuid: 'product_uuid',
  product_version: 'product_version',
  system_vendor: 'sys_vendor',
};

export function boardFacts(gathered: Gathered): ValueMap {
  const read = (file: string): Value => gathered.file(`/sys/devices/virtual/dmi/id/${file}`)?.trim() ?? 'NA';
  return defined(Object.fromEntries(Object.entries(BOARD).map(([fact, file]) => [fact, read(file)])));
}
