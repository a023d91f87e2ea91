/** Calls the functions of a remote's driver as scripts on a host do, by a real shell. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { joinSh, sh, userScript } from '../../src/core/sh.ts';
import { basicsText } from '../../tasks/host-run/run.ts';
import { driverOf } from '../../tasks/remotes/driver.ts';
import { readRemote } from '../../tasks/remotes/read.ts';
import type { Origin, Remote } from '../../tasks/remotes/remote.ts';
import { runShell, type ShellOptions } from './shell.ts';

export interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** '' when all went well. */
  readonly objection: string;
}

/** A remote as a user writes it; throws the sentences of what is wrong. */
export function remoteOf(written: Readonly<Record<string, unknown>>): Remote {
  const read = readRemote(written);
  if ('problems' in read) throw new Error(read.problems.join('; '));
  return read.remote;
}

/**
 * Runs `calls` (shell text: `remote_push DATE ''`) after the driver's functions.
 * @param folder of the instance: `bckups` is in it; the run's files come below `.run`
 */
export async function callRemote(
  remote: Remote,
  origin: Origin,
  folder: string,
  calls: string,
  options: ShellOptions = {},
): Promise<Called> {
  const run = `${folder}/.run`;
  mkdirSync(run, { recursive: true, mode: 0o700 });
  const driver = driverOf(remote, origin);
  for (const [name, content] of Object.entries(driver.files))
    writeFileSync(`${run}/${name}`, content, { mode: 0o600 });
  const text = joinSh([
    sh`LC_ALL=C
export LC_ALL
umask 077
run=${run} bckups=${`${folder}/bckups`} objection=`,
    basicsText,
    driver.text,
    sh`calls() {`,
    userScript(calls),
    sh`}
calls
code=$?
printf '\034%s' "$objection"
exit $code`,
  ]);
  const { code, stdout, stderr } = await runShell(text.text, { limit: 140, ...options });
  const [said = '', objection = ''] = stdout.split('\x1c');
  return { code, stdout: said, stderr, objection: code === 0 ? '' : objection };
}
