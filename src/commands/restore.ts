/** `girofle-run restore`: asks without arguments, judges two of them, and refuses any other number; then runs the playbook. */
import type { ValueMap } from '../core/value.ts';
import { askPassword } from './ask.ts';
import { playbook, withVars } from './backups.ts';
import type { RunFlags } from './flags.ts';
import { instancesIn, sentences } from './restorable.ts';
import { type Answers, askRestore, confirmed } from './restore-ask.ts';
import { type Looked, lookBy } from './restore-look.ts';
import { runPlaybooks } from './run.ts';

/** Options beside those of every run on hosts. */
export interface RestoreFlags {
  readonly backup?: string;
  readonly from?: string;
  readonly address?: string;
  readonly unverified?: boolean;
  readonly twin?: 'refuse' | 'allow';
  readonly yes?: boolean;
}

/** A command at work. */
export interface Work {
  readonly flags: RunFlags;
  readonly wanted: RestoreFlags;
  readonly becomePassword: string | undefined;
}

const WITHOUT_TERMINAL = `restore asks which container, which directory and which backup, and there is no terminal to answer at. Say it in words:
  girofle-run restore CONTAINER DIRECTORY
  girofle-run playbooks/restore.yml -e target_host=vm1 -e instance=2 [-e backup=DATE] [-e from=REMOTE] [-e address=192.0.2.12]
`;

/** @returns the exit code, as README.md lists them */
export async function restoreInstance(
  words: readonly string[],
  flags: RunFlags,
  wanted: RestoreFlags,
  help: () => string,
): Promise<number> {
  const [container, directory] = words;
  if (words.length === 0 && !hasTerminal()) return say(WITHOUT_TERMINAL, 4);
  if (words.length === 1)
    return say(
      `restore takes a container and its directory: the directory of ${container} is missing\n\n${help()}`,
      4,
    );
  if (words.length > 2)
    return say(
      `restore takes a container and its directory, and nothing more: "${words.slice(2).join(' ')}"\n\n${help()}`,
      4,
    );
  const becomePassword = flags.askBecomePass ? await askPassword('sudo password: ') : undefined;
  const work = { flags, wanted, becomePassword };
  return container === undefined || directory === undefined
    ? interactive(work)
    : named(container, directory, work);
}

export function hasTerminal(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

function say(text: string, code: number): number {
  process.stderr.write(text);
  return code;
}

async function interactive(work: Work): Promise<number> {
  const looked = await look(work, {});
  warn(looked);
  const instances = instancesIn(looked);
  if (instances.length === 0) {
    if (looked.code !== 0) return looked.code;
    const hosts = looked.hosts.map(({ host }) => host).join(', ');
    return say(
      `there is no instance on ${hosts === '' ? 'any host' : hosts}. One of another host is restored by girofle-run playbooks/restore.yml -e target_host=... -e source_host=... -e instance=... -e from=...\n`,
      4,
    );
  }
  const answers = await askRestore(instances, work, lookAgain(work));
  return typeof answers === 'number' ? answers : start(answers, work);
}

function lookAgain(work: Work) {
  return async (host: string, instance: number): Promise<ValueMap> => {
    const looked = await look(work, { target_host: host, instance });
    warn(looked);
    return looked.hosts[0]?.result ?? {};
  };
}

/** Every condition that is not met is told before anything is touched. */
async function named(container: string, directory: string, work: Work): Promise<number> {
  const looked = await look(work, { container, directory });
  const here = looked.hosts.filter(({ result }) => result.found === true);
  const judged = here.length > 0 ? here : looked.hosts;
  const several = judged.length > 1;
  const problems = judged.flatMap(({ host, result }) =>
    sentences(result, 'problems').map(sentence => (several ? `${host}: ${sentence}` : sentence)),
  );
  if (here.length === 0) warn(looked);
  if (here.length === 0 && looked.code !== 0) return looked.code;
  if (judged.length === 0) return say('no host of the inventory is meant: there is none to look at\n', 4);
  if (here.length > 1)
    return say(
      `container ${container} is on ${here.map(({ host }) => host).join(' and ')}: say which with -l\n`,
      4,
    );
  if (problems.length > 0) return say(`${problems.join('\n')}\n`, 4);
  const instance = instancesIn({ ...looked, hosts: here }).find(one => one.container === container);
  if (instance === undefined)
    return say(
      `container ${container} does not belong to girofle_root: give its directory's with -e girofle_root=...\n`,
      4,
    );
  const { wanted } = work;
  const answers: Answers = {
    instance,
    backup: wanted.backup ?? 'latest',
    from: wanted.from ?? 'local',
    ...(wanted.address === undefined ? {} : { address: wanted.address }),
  };
  if (!wanted.yes && hasTerminal() && !(await confirmed(answers))) return 130;
  return start(answers, work);
}

async function look(
  { flags, becomePassword }: Work,
  vars: Readonly<Record<string, string | number>>,
): Promise<Looked> {
  return lookBy('restorable.yml', 'gitlab_restorable', flags, vars, becomePassword);
}

function warn({ complaints, hosts }: Looked): void {
  const unread = hosts.flatMap(({ result }) => sentences(result, 'unread'));
  for (const sentence of [...complaints, ...unread]) process.stderr.write(`${sentence}\n`);
}

function start(
  { instance, backup, from, address }: Answers,
  { flags, wanted, becomePassword }: Work,
): Promise<number> {
  const vars = {
    target_host: instance.host,
    instance: instance.number,
    backup,
    from,
    ...(address === undefined ? {} : { address }),
    ...(wanted.unverified ? { unverified: true } : {}),
    ...(wanted.twin === undefined ? {} : { twin: wanted.twin }),
  };
  return runPlaybooks(
    [playbook('restore.yml')],
    withVars(flags, vars),
    becomePassword === undefined ? {} : { becomePassword },
  );
}
