/** An instance's fixed names: labels, directories, container, address and ports; and its URL. */

import { look, type Probe, type ShellKind } from '../../src/core/probe.ts';
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { Value } from '../../src/core/value.ts';
import { digMap, digText } from '../docker/dig.ts';

export const LABEL = 'io.girofle.instance';
export const LABELS = {
  number: LABEL,
  root: 'io.girofle.root',
  address: 'io.girofle.address',
  ports: 'io.girofle.ports',
  url: 'io.girofle.url',
} as const;

export const DEFAULT_NAME = 'conteneur-kytes.io.gitlab.{number}';

/** Published on the instance's address for 80, 443 and 22 in the container. */
export interface Ports {
  readonly http: number;
  readonly https: number;
  readonly ssh: number;
}

/** As labels and the note in an instance's directory have it: `80,443,2222`. */
export function showPorts({ http, https, ssh }: Ports): string {
  return [http, https, ssh].join(',');
}

export function containerName(pattern: string, number: number): string {
  return pattern.replaceAll('{number}', String(number));
}

export function instanceDirectory(root: string, number: number): string {
  return `${root.replace(/\/+$/, '')}/noeud-gitlab-${number}`;
}

/** Volume of the instance's directory → path in the container. */
export const volumes = { data: '/var/opt/gitlab', config: '/etc/gitlab', log: '/var/log/gitlab' } as const;

/** An address, or a name, and the published HTTP port where it is not 80. */
export function defaultUrl(host: string, httpPort: number): string {
  return `http://${host}${httpPort === 80 ? '' : `:${httpPort}`}`;
}

/** Four numbers up to 255, without leading zeros. */
export function isIPv4(address: string): boolean {
  const parts = address.split('.');
  return parts.length === 4 && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** An instance that Docker knows of. */
export interface Commissioned {
  readonly number: number;
  readonly container: string;
  /** '' when its container was made by something else. */
  readonly address: string;
  readonly ports: readonly number[];
  readonly directory: string;
}

/** Containers of restores and drills: kept from before, being made, or scratch. They are nobody's instance. */
export const ASIDE = /\.(?:before|restoring)-[0-9a-f]{8}$|^girofle-drill-/;

/** @param containers of Docker's list; those that are half made stand for their instance too, but the whole ones first */
export function commissioned(containers: readonly Value[]): readonly Commissioned[] {
  const found = new Map<string, Commissioned>();
  for (const instance of containers
    .flatMap(readContainer)
    .sort((a, b) => a.container.length - b.container.length)) {
    const key = `${instance.directory} ${instance.number}`;
    if (!found.has(key)) found.set(key, instance);
  }
  return [...found.values()].sort((a, b) => a.number - b.number);
}

/** Whether an instance is of the fleet that lives below `root`: numbers are one fleet's own, addresses are the host's. */
export function isBelow(root: string): (instance: { readonly directory: string }) => boolean {
  const folder = root.replace(/\/+$/, '');
  return ({ directory }) => directory === '' || directory.slice(0, directory.lastIndexOf('/')) === folder;
}

function readContainer(container: Value): readonly Commissioned[] {
  const labels = digMap(container, 'Labels');
  const label = (name: string) => digText(labels, name);
  const number = Number(label(LABELS.number));
  const name = digText(container, 'Names', 0).replace(/^\//, '');
  if (!Number.isInteger(number) || number < 1 || ASIDE.test(name)) return [];
  return [
    {
      number,
      container: name,
      address: label(LABELS.address),
      ports: readPorts(label(LABELS.ports)),
      directory: label(LABELS.root),
    },
  ];
}

export function readPorts(written: string): readonly number[] {
  return written
    .split(',')
    .map(Number)
    .filter(port => port > 0);
}

/** An address of the host. */
export interface HostAddress {
  /** '' when the host has no `ip` to tell. */
  readonly device: string;
  readonly address: string;
}

const ADDRESSES: ShellKind = {
  name: 'addresses of the host',
  script: queries =>
    joinSh(
      queries.map(
        () => sh`if command -v ip >/dev/null 2>&1; then
  ip -o -4 addr show up | while read -r _ device _ address _; do echo "$address $device"; done
else
  awk '/[|]--/ { address = $2 } /[/]32 host LOCAL/ { print address, "" }' /proc/net/fib_trie | sort -u
fi
printf '\036'`,
      ),
    ),
};

/** IPv4 addresses of interfaces that are up, in the order of the interfaces. */
export function probeAddresses(): Probe<readonly HostAddress[]> {
  return look(ADDRESSES, [], text =>
    text
      .split('\n')
      .filter(line => line !== '')
      .map(line => {
        const [address = '', device = ''] = line.split(' ');
        return { address: address.replace(/[/].*/, ''), device: device.replace(/@.*/, '') };
      }),
  );
}

/** All of 127.0.0.0/8 belongs to every host. */
export function hasAddress(host: readonly HostAddress[], address: string): boolean {
  return address.startsWith('127.') || host.some(one => one.address === address);
}

/** What of an instance's directory is there. */
export interface SeenDirectory {
  /** Every folder of it. */
  readonly whole: boolean;
  /** It has volumes, whatever is in them; and a folder for backups. */
  readonly volumes: boolean;
  readonly backups: boolean;
  /** Its volumes hold something. */
  readonly used: boolean;
  /** The note of whom it belongs to: `127.0.10.1 80,443,2222`, or ''. */
  readonly note: string;
}

export const noDirectory: SeenDirectory = {
  whole: false,
  volumes: false,
  backups: false,
  used: false,
  note: '',
};

const DIRECTORY: ShellKind = {
  name: 'directory of an instance',
  script: queries =>
    joinSh([LOOK_AT, ...queries.map(([directory = '']) => sh`look_at ${directory}; printf '\036'`)]),
};

const LOOK_AT: Sh = sh`look_at() {
  volumes=$1/mapping-volumes
  if [ -d "$volumes" ]; then echo volumes; fi
  if [ -d "$1/bckups" ]; then echo backups; fi
  if [ -d "$1/bckups" ] && [ -d "$volumes/data" ] && [ -d "$volumes/config" ] && [ -d "$volumes/log" ]; then echo whole; fi
  if [ -n "$(ls -A "$volumes/data" "$volumes/config" 2>/dev/null | grep -v ':$')" ]; then echo used; fi
  if [ -f "$1/address" ]; then echo "note $(head -n 1 "$1/address")"; fi
}`;

function readDirectory(text: string): SeenDirectory {
  const lines = text.split('\n');
  const note = lines.find(line => line.startsWith('note ')) ?? 'note ';
  return {
    whole: lines.includes('whole'),
    volumes: lines.includes('volumes'),
    backups: lines.includes('backups'),
    used: lines.includes('used'),
    note: note.slice('note '.length),
  };
}

export function probeDirectory(directory: string): Probe<SeenDirectory> {
  return look(DIRECTORY, [directory], readDirectory);
}

const DIRECTORIES: ShellKind = {
  name: 'directories of the fleet',
  script: queries =>
    joinSh([
      LOOK_AT,
      ...queries.map(
        ([root = '']) => sh`for one in ${root}/noeud-gitlab-*; do
  if [ -d "$one" ]; then echo "= $one"; look_at "$one"; fi
done
printf '\036'`,
      ),
    ]),
};

/** The directories of instances below the root, by number, whether a container uses them or not. */
export function probeDirectories(root: string): Probe<ReadonlyMap<number, SeenDirectory>> {
  return look(DIRECTORIES, [root.replace(/\/+$/, '')], text => {
    const parts = text.split(/^= /m).slice(1);
    const found = parts.map((part): [number, SeenDirectory] => [
      Number(/-(\d+)$/.exec(part.split('\n')[0] ?? '')?.[1]),
      readDirectory(part),
    ]);
    return new Map(found.filter(([number]) => Number.isInteger(number) && number > 0));
  });
}

/** Makes the directories, and notes whom they belong to. */
export function makeDirectories(directory: string, note: string): Sh {
  const inside = Object.keys(volumes).map(volume => `${directory}/mapping-volumes/${volume}`);
  return sh`mkdir -p ${inside} && { [ -d ${`${directory}/bckups`} ] || mkdir -m 0700 ${`${directory}/bckups`}; } &&
printf '%s\n' ${note} >${`${directory}/.address`} && mv ${`${directory}/.address`} ${`${directory}/address`}`;
}

/** Deletes the volumes and the note; the backups as well when asked. What else a user put there stays. */
export function removeDirectories(directory: string, backups: boolean): Sh {
  const bckups = `${directory}/bckups`;
  return joinSh([
    sh`rm -rf -- ${`${directory}/mapping-volumes`} ${`${directory}/.address`} ${`${directory}/address`} || exit 1`,
    ...(backups
      ? [sh`rm -rf -- ${bckups} ${`${directory}/.girofle`} || exit 1`]
      : [sh`rmdir -- ${bckups} 2>/dev/null`]),
    sh`rmdir -- ${directory} 2>/dev/null`,
    sh`exit 0`,
  ]);
}
