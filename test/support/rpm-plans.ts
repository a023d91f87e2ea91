/** Plans for hosts with rpm, from recorded answers: what a table says of dnf, yum and package. */
import { parsePackage } from '../../src/core/probes/package.ts';
import type { AnyTaskModule } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { withDefaults } from './module-args.ts';

export const context = { host: 'h', planning: false, verbosity: 0 };

/** A line of the kind's answer as rpm's query format makes it. */
const rpm = (name: string, version: string, epoch = '0') =>
  `installed ${epoch}\t${version}\tx86_64\t${name}\t${name}.x86_64\t${name}-${version}\t`;

export const NGINX = parsePackage(`manager dnf\nlisted yes\n${rpm('nginx', '1.20.1-14.el9', '2')}\n`);
export const OLD_NGINX = parsePackage(
  `manager dnf\nlisted yes\n${rpm('nginx', '1.20.1-14.el9', '2')}\nupdate nginx.x86_64   2:1.20.1-20.el9   appstream\n`,
);
export const ABSENT = parsePackage('manager dnf\nlisted yes\n');

const WAIT = (seconds: number) => `
end=$(($(date +%s) + ${seconds}))
for lock in /var/run/dnf.pid /var/run/yum.pid; do
  while [ -e "$lock" ] && kill -0 "$(cat "$lock")" 2>/dev/null; do
    [ "$(date +%s)" -lt "$end" ] || { echo "another package manager holds $lock" >&2; exit 1; }
    sleep 1
  done
done
`;

/** Sentences and commands (without the wait for the lock), or why it is refused. */
export function planRpm(module: AnyTaskModule, given: ValueMap, packages: object = {}, more: object = {}) {
  const seen = {
    manager: 'dnf',
    packages: new Map(Object.entries(packages)),
    files: new Map(),
    affected: [],
    ...more,
  };
  const planned = module.plan(withDefaults(module, given), seen, context);
  if ('refusal' in planned) return planned.refusal;
  return planned.map(({ say, action }) => [
    say,
    action.kind === 'script' ? action.text.text.replace(WAIT(30), '') : action.kind,
  ]);
}
