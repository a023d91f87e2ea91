/** Whether anything matches a pattern of names on the host. The shell does it by itself: no process is started. */
import type { Probe, ShellKind } from '../probe.ts';
import { look } from '../probe.ts';
import type { Sh } from '../sh.ts';
import { joinSh, sh, userScript } from '../sh.ts';
import { hostPath, hostWord } from './host-path.ts';

/** @param folder where a relative pattern starts; nothing matches when it is not there */
export function anyMatch(pattern: string, folder = ''): Probe<boolean> {
  return look(globKind, [pattern, folder], text => text === 'y');
}

/** Kind `glob`: [pattern, folder or nothing]. */
export const globKind: ShellKind = {
  name: 'glob',
  script: queries => joinSh([sh`rs=$(printf '\036')`, ...queries.map(query)]),
};

function query([pattern = '', folder = '']: readonly string[]): Sh {
  const cd = folder === '' ? sh`:` : sh`cd -- ${hostPath(folder)} 2>/dev/null`;
  return sh`(${cd} && for p in ${globWord(pattern)}; do
  if [ -e "$p" ] || [ -L "$p" ]; then printf y; break; fi
done); printf %s "$rs"`;
}

/** A word whose `*`, `?` and `[...]` the shell expands, and nothing else of it but `~` and variables. */
function globWord(pattern: string): Sh {
  const parts = pattern.split(/([*?[\]!-]+)/).filter(part => part !== '');
  return joinSh(
    parts.map(part => (/^[*?[\]!-]+$/.test(part) ? userScript(part) : hostWord(part))),
    '',
  );
}
