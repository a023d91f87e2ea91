/**
 * What a module that changes packages, services or accounts must keep, on a throwaway Debian: its plan changes nothing
 * and is what then happens, and a second run has nothing to do. Cases of one file share a host, in order.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyTaskModule } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { type DebianHost, debianHostLacks, startDebianHost } from './debian-host.ts';
import { runModule } from './run-module.ts';
import { runShell } from './shell.ts';

export interface HostCase {
  /** Ends a sentence that begins with the module's name. */
  readonly does: string;
  readonly module?: AnyTaskModule;
  readonly args: ValueMap;
  /** Shell text that makes what the case begins with. */
  readonly given?: string;
  /** The sentences of the plan; none: nothing to do. */
  readonly says: readonly string[];
  /** Why it is refused, or fails: the message, whole. */
  readonly fails?: string;
  /** Shell text run afterwards, and what it prints. */
  readonly leaves?: { readonly run: string; readonly prints: string };
  /** What `register` gets, at least. */
  readonly returns?: ValueMap;
  /** A second run does the same again. */
  readonly repeats?: boolean;
}

/** What may not change by looking: accounts, packages, links of services, package lists. */
const STATE = `
cat /etc/passwd /etc/group /etc/shadow
dpkg-query -W -f '\${Package} \${Version} \${Status}\\n'
ls -lR /etc/rc*.d /home /srv /var/lib/apt /var/cache/apt /tmp /usr/sbin/policy-rc.d 2>/dev/null
exit 0`;

export function behavesOnDebian(module: AnyTaskModule, cases: readonly HostCase[], prepare?: string): void {
  const lacks = debianHostLacks();
  describe.skipIf(lacks !== undefined)(
    `${module.name} on a Debian host${lacks ? ` (needs ${lacks})` : ''}`,
    () => {
      let host: DebianHost;
      beforeAll(async () => {
        host = await startDebianHost(prepare === undefined ? {} : { prepare });
        await insistOnContainer(host);
      }, 300_000);
      afterAll(() => host.remove());

      test.each(cases.map(each => [each.does, each] as const))('%s', async (_, each) => {
        const container = host.name;
        const tried = each.module ?? module;
        const before = await host.sh(`{ ${each.given ?? ':'}\n} >/dev/null\n${STATE}`);
        const planned = await runModule(tried, each.args, { container, planOnly: true });
        expect(planned.says).toEqual(each.says);
        expect(await host.sh(STATE), 'planning changes nothing').toBe(before);

        const done = await runModule(tried, each.args, { container });
        if (each.fails !== undefined) {
          expect([done.failed, done.result.msg]).toEqual([true, each.fails]);
          return;
        }
        expect(done.failed, JSON.stringify(done.result)).toBe(false);
        expect(done.says, 'what is done is what was planned').toEqual(planned.says);
        if (each.leaves) expect(await host.sh(each.leaves.run)).toBe(each.leaves.prints);
        if (each.returns) expect(done.result).toMatchObject(each.returns);

        const again = await runModule(tried, each.args, { container });
        if (!each.repeats) expect(again.says, 'a second run has nothing to do').toEqual([]);
      });
    },
  );
}

/** These cases change accounts, services and packages: were the option ignored, they would change this machine's. */
export async function insistOnContainer({ name }: DebianHost): Promise<void> {
  const { stdout } = await runShell('uname -n', { container: name });
  if (stdout.trim() !== name)
    throw new Error(`scripts for ${name} run on ${stdout.trim()}: nothing is tried there`);
}
