/** The questions of `girofle-run restore`. Ctrl-C at any of them touches nothing. */
import { isIPv4 } from '../../tasks/gitlab/gitlab.ts';
import type { ValueMap } from '../core/value.ts';
import { type Backup, backupsIn, describeBackup, type Instance } from './restorable.ts';
import type { Work } from './restore.ts';

export interface Answers {
  readonly instance: Instance;
  readonly backup: string;
  readonly from: string;
  /** Undefined: as it is. */
  readonly address?: string;
}

/** Thrown by a question that was broken off. */
class BrokenOff extends Error {}

/** @param look at the backups of one instance, the remotes' too; @returns the exit code where there is nothing to do */
export async function askRestore(
  instances: readonly Instance[],
  { wanted }: Work,
  look: (host: string, instance: number) => Promise<ValueMap>,
): Promise<Answers | number> {
  try {
    const instance = await askInstance(instances);
    await askDirectory(instance);
    const all = backupsIn(await look(instance.host, instance.number), instance.number);
    const backups = all.filter(({ old }) => !old || wanted.unverified === true);
    if (backups.length === 0) return nothing(instance, all.length);
    const chosen = await askBackup(backups, all.length - backups.length);
    const address = await askAddress(instance, wanted.address);
    const answers: Answers = {
      instance,
      backup: chosen.date,
      from: chosen.from,
      ...(address === instance.address ? {} : { address }),
    };
    return wanted.yes || (await confirmed(answers)) ? answers : 130;
  } catch (error) {
    if (!(error instanceof BrokenOff)) throw error;
    process.stderr.write('nothing was touched\n');
    return 130;
  }
}

function nothing({ container, host }: Instance, old: number): number {
  const hint =
    old === 0 ? '' : ` but those of the original scripts (${old}): restore one of them with --unverified`;
  process.stderr.write(`container ${container} on ${host} has no backup${hint}\n`);
  return 4;
}

async function askInstance(instances: readonly Instance[]): Promise<Instance> {
  const { select } = await import('@clack/prompts');
  return answered<Instance>(
    await select<Instance>({
      message: 'Which container is to be restored?',
      options: instances.map(one => ({
        value: one,
        label: `${one.container}  on ${one.host}`,
        hint: `instance ${one.number}, ${one.url}, ${one.state}`,
      })),
      output: process.stderr,
    }),
  );
}

async function askDirectory({ container, directory }: Instance): Promise<void> {
  const { text } = await import('@clack/prompts');
  answered<string>(
    await text({
      message: 'Its directory, with mapping-volumes and bckups',
      initialValue: directory,
      output: process.stderr,
      validate: typed =>
        plain(typed ?? '') === directory ? undefined : `container ${container} belongs to ${directory}`,
    }),
  );
}

const plain = (directory: string) => directory.trim().replace(/\/+/g, '/').replace(/\/$/, '');

async function askBackup(backups: readonly Backup[], hidden: number): Promise<Backup> {
  const { select } = await import('@clack/prompts');
  const more = hidden === 0 ? '' : ` (${hidden} more of the original scripts: with --unverified)`;
  return answered<Backup>(
    await select<Backup>({
      message: `Which backup? The newest is the first${more}`,
      options: backups.map(one => ({ value: one, label: describeBackup(one) })),
      maxItems: 12,
      output: process.stderr,
    }),
  );
}

async function askAddress({ address }: Instance, wanted: string | undefined): Promise<string> {
  const { text } = await import('@clack/prompts');
  return answered<string>(
    await text({
      message: 'The address that it gets',
      initialValue: wanted ?? address,
      output: process.stderr,
      validate: typed => (isIPv4((typed ?? '').trim()) ? undefined : `"${typed ?? ''}" is no IPv4 address`),
    }),
  ).trim();
}

/** Says what will happen, and asks whether it is meant. */
export async function confirmed({ instance, backup, from, address }: Answers): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const { container, directory, host, number } = instance;
  const which = backup === 'latest' ? 'its newest backup' : `the backup of ${backup}`;
  const where = from === 'local' ? '' : ` on ${from}`;
  const moves = address === undefined ? '' : ` at the address ${address}`;
  const answer = await confirm({
    message: `Instance ${number} (${container} on ${host}) is stopped, and restored from ${which}${where}${moves}. What it is now is kept in ${directory} for a week, or until girofle-run restore confirm. Go on?`,
    initialValue: false,
    output: process.stderr,
  });
  const yes = !isCancel(answer) && answer;
  if (!yes) process.stderr.write('nothing was touched\n');
  return yes;
}

function answered<T>(answer: T | symbol): T {
  if (typeof answer === 'symbol') throw new BrokenOff();
  return answer;
}
