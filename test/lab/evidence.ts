/** What a restored instance says of itself (look.sh), and whether that is all that was promised. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** An item that somebody outside was told of. */
export interface Ack {
  /** Seconds since the host's boot, when the line arrived. */
  readonly at: number;
  readonly worker: number;
  readonly n: number;
  readonly repository: string;
  readonly commit: string;
}

/** A program's output without its last line, and its exit code; -1 when it had no end. */
interface Ended {
  readonly code: number;
  readonly said: string;
}

export interface Evidence {
  /** Sum of the accounts; '' or a complaint when PostgreSQL does not answer. */
  readonly total: string;
  readonly counters: readonly {
    readonly worker: number;
    readonly value: number;
    readonly count: number;
    readonly last: number;
  }[];
  /** Accounts whose balance is not what their items make. */
  readonly skewed: readonly string[];
  /** How many more changes the shelves know of than there are items. */
  readonly shelves: string;
  /** `WORKER N` → `REPOSITORY COMMIT`. */
  readonly items: ReadonlyMap<string, string>;
  /** Of each repository, what its refs lead to. */
  readonly commits: ReadonlyMap<string, ReadonlySet<string>>;
  readonly fsck: ReadonlyMap<string, Ended>;
  readonly writable: ReadonlyMap<string, Ended>;
  readonly locks: readonly string[];
  readonly amcheck: Ended;
  readonly checksums: Ended;
  /** It said all that it had to say. */
  readonly whole: boolean;
}

export const ACCOUNTS = 10_000;
export const TOTAL = ACCOUNTS * 1000;

/** Runs look.sh in a container; PostgreSQL is stopped then. */
export async function takeEvidence(container: string): Promise<string> {
  const child = spawn('docker', ['exec', '-i', container, 'bash', '-s'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(readFileSync('test/lab/look.sh'));
  await new Promise<void>(done => child.on('close', () => done()));
  return Buffer.concat(said).toString();
}

export function readEvidence(written: string): Evidence {
  const sections = written
    .split(/^== /m)
    .slice(1)
    .map(section => {
      const [name = '', ...lines] = section.split('\n');
      return { name, lines: lines.filter(line => line !== '') };
    });
  const linesOf = (name: string) => sections.find(section => section.name === name)?.lines ?? [];
  const perRepository = <T>(kind: string, read: (lines: readonly string[]) => T) =>
    new Map(
      sections
        .filter(({ name }) => name.startsWith(`${kind} `))
        .map(({ name, lines }): [string, T] => [name.slice(kind.length + 1), read(lines)]),
    );
  return {
    total: linesOf('total').join(' '),
    counters: linesOf('counters').map(line => {
      const [worker = 0, value = 0, count = 0, last = 0] = line.split(' ').map(Number);
      return { worker, value, count, last };
    }),
    skewed: linesOf('skewed'),
    shelves: linesOf('shelves').join(' '),
    items: new Map(
      linesOf('items').map(line => {
        const [worker, n, repository, commit] = line.split(' ');
        return [`${worker} ${n}`, `${repository} ${commit}`];
      }),
    ),
    commits: perRepository('commits', lines => new Set(lines)),
    fsck: perRepository('fsck', readEnded),
    writable: perRepository('writable', readEnded),
    locks: linesOf('locks'),
    amcheck: readEnded(linesOf('amcheck')),
    checksums: readEnded(linesOf('checksums')),
    whole: sections.at(-1)?.name === 'end',
  };
}

function readEnded(lines: readonly string[]): Ended {
  const [, code] = /^ended (\d+)$/.exec(lines.at(-1) ?? '') ?? [];
  return code === undefined
    ? { code: -1, said: lines.join('\n') }
    : { code: Number(code), said: lines.slice(0, -1).join('\n') };
}

/**
 * A sentence for everything that is not as it must be; none for a sound instance.
 * @param acks those that arrived before the instance stood still
 */
export function judge(evidence: Evidence, acks: readonly Ack[]): readonly string[] {
  return [
    ...(evidence.whole ? [] : ['the look at it had no end']),
    ...judgeSums(evidence),
    ...judgeItems(evidence, acks),
    ...judgeGit(evidence),
    ...judgeTool('pg_amcheck', evidence.amcheck),
    ...judgeTool('pg_checksums', evidence.checksums),
  ];
}

function judgeSums({ total, skewed, shelves, counters }: Evidence): readonly string[] {
  const counted = counters.flatMap(({ worker, value, count, last }) =>
    value === count && value === last
      ? []
      : [`worker ${worker} counted to ${value} and has ${count} items, the last is ${last}`],
  );
  return [
    ...(total === String(TOTAL) ? [] : [`the accounts hold ${total || 'nothing'}, not ${TOTAL}`]),
    ...(counters.length > 0 ? [] : ['there are no counters']),
    ...(skewed.length === 0
      ? []
      : [`${skewed.length} accounts are not what their items make: ${few(skewed)}`]),
    ...(shelves === '0' ? [] : [`the shelves have ${shelves || 'no'} changes more than there are items`]),
    ...counted,
  ];
}

function judgeItems({ items, commits }: Evidence, acks: readonly Ack[]): readonly string[] {
  const lost = acks.filter(
    ({ worker, n, repository, commit }) => items.get(`${worker} ${n}`) !== `${repository} ${commit}`,
  );
  const unborn = [...items].filter(([, place]) => {
    const [repository = '', commit = ''] = place.split(' ');
    return commits.get(repository)?.has(commit) !== true;
  });
  const gone = acks.filter(({ repository, commit }) => commits.get(repository)?.has(commit) !== true);
  return [
    ...some(
      lost.map(({ worker, n }) => `${worker}/${n}`),
      'acknowledged items have no row',
    ),
    ...some(
      gone.map(({ worker, n }) => `${worker}/${n}`),
      'acknowledged items have no commit',
    ),
    ...some(
      unborn.map(([item]) => item.replace(' ', '/')),
      'rows have no commit',
    ),
  ];
}

function judgeGit({ commits, fsck, writable, locks }: Evidence): readonly string[] {
  return [
    ...(commits.size > 0 ? [] : ['there are no repositories']),
    ...[...fsck].flatMap(([repository, ended]) => judgeTool(`git fsck of ${repository}`, ended)),
    ...[...writable].flatMap(([repository, ended]) => judgeTool(`writing refs of ${repository}`, ended)),
    ...some(locks, 'lock files are left'),
  ];
}

function judgeTool(what: string, { code, said }: Ended): readonly string[] {
  return code === 0 ? [] : [`${what} ends with ${code}: ${said.split('\n').slice(0, 3).join('; ')}`];
}

const few = (names: readonly string[]) =>
  names.slice(0, 5).join(', ') + (names.length > 5 ? `, and ${names.length - 5} more` : '');

const some = (names: readonly string[], what: string) =>
  names.length === 0 ? [] : [`${names.length} ${what}: ${few(names)}`];

/** The same for two instances that hold the same. */
export function contentOf({ total, items, commits }: Evidence): string {
  const lines = [...items].map(([item, place]) => `${item} ${place}`).sort();
  const all = [...commits].map(([repository, ids]) => `${repository} ${[...ids].sort().join(' ')}`).sort();
  return createHash('sha256')
    .update([total, ...lines, ...all].join('\n'))
    .digest('hex');
}
