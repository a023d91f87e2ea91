/** Paths as Ansible's `path` arguments mean them: the host's shell resolves `~` and variables of its environment. */
import type { Sh } from '../sh.ts';
import { joinSh, sh } from '../sh.ts';

/**
 * A shell word for a path: `~/x`, `~user/x`, `$NAME` and `${NAME}` are resolved on the host, all else stands as it is;
 * slashes at the end go.
 */
export function hostPath(path: string): Sh {
  return hostWord(path === '-' ? './-' : path.replace(/(?<=.)\/+$/, ''));
}

/** The same for any word of a command. */
export function hostWord(word: string): Sh {
  const [whole, user, below = ''] = /^~([a-z_][a-z0-9_-]*)?(\/.*)?$/s.exec(word) ?? [];
  if (whole === undefined) return word === '' ? sh`${word}` : expanded(word);
  const home = user === undefined ? sh`"$HOME"` : sh`~${user}`;
  return below === '' ? home : joinSh([home, expanded(below)], '');
}

/** A variable that is not set stays as it is written. */
function expanded(text: string): Sh {
  const parts = text.split(/(\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\}))/).filter(part => part !== '');
  return joinSh(
    parts.map(part => (part.startsWith('$') ? variable(part) : sh`${part}`)),
    '',
  );
}

function variable(part: string): Sh {
  const name = part.replaceAll(/[${}]/g, '');
  return name === '' ? sh`${part}` : sh`"\${${name}-\$${name}}"`;
}
