/** File modes: octal text, and chmod's symbolic form worked out without a host. */

/** `0644`, four digits at least. */
export function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

export interface ModeBase {
  /** Permission bits before. */
  readonly current: number;
  readonly directory: boolean;
  /** Bits that a clause without u, g, o or a leaves alone. */
  readonly umask: number;
}

/**
 * The permission bits that a mode argument means: octal digits, or symbolic clauses as chmod's
 * (`u=rwX,g+s,o-rwx`). The text is one that the `Mode` schema accepts.
 */
export function applyMode(mode: string, base: ModeBase): number {
  if (/^[0-7]+$/.test(mode)) return Number.parseInt(mode, 8);
  return mode
    .split(',')
    .filter(clause => clause !== '')
    .reduce((current, clause) => applyClause(clause, current, base), base.current);
}

const SHIFT = { u: 6, g: 3, o: 0 } as const;
type Who = keyof typeof SHIFT;

/** What `=` takes away first. */
const CLEARED = { u: 0o4700, g: 0o2070, o: 0o1007 } as const;

function applyClause(clause: string, before: number, base: ModeBase): number {
  const whoText = /^[ugoa]*/.exec(clause)?.[0] ?? '';
  const whos = whosOf(whoText);
  const mask = whoText === '' ? ~base.umask & 0o7777 : 0o7777;
  const operations = clause.slice(whoText.length).matchAll(/([-+=])([^-+=]*)/g);
  let mode = before;
  for (const [, operator, permissions = ''] of operations) {
    for (const who of whos) {
      const bits = bitsOf(permissions, who, mode, base) & (mask | 0o7000);
      if (operator === '=') mode = (mode & ~CLEARED[who]) | bits;
      else mode = operator === '+' ? mode | bits : mode & ~bits;
    }
  }
  return mode;
}

function whosOf(text: string): readonly Who[] {
  const whos: readonly Who[] = ['u', 'g', 'o'];
  return text === '' || text.includes('a') ? whos : whos.filter(who => text.includes(who));
}

function bitsOf(permissions: string, who: Who, mode: number, base: ModeBase): number {
  let bits = 0;
  for (const letter of permissions) bits |= bitOf(letter, who, mode, base);
  return bits;
}

function bitOf(letter: string, who: Who, mode: number, base: ModeBase): number {
  const place = (bits: number) => bits << SHIFT[who];
  switch (letter) {
    case 'r':
      return place(4);
    case 'w':
      return place(2);
    case 'x':
      return place(1);
    case 'X':
      return base.directory || (mode & 0o111) !== 0 ? place(1) : 0;
    case 's':
      return { u: 0o4000, g: 0o2000, o: 0 }[who];
    case 't':
      return who === 'o' ? 0o1000 : 0;
    case 'u':
    case 'g':
    case 'o':
      return place((mode >> SHIFT[letter]) & 7);
    default:
      return 0;
  }
}
