/** What one entry of an inventory names: `vm[01:20].example.org:2222` is twenty hosts and a port. */

export interface Problem {
  readonly problem: string;
  readonly hint?: string;
}

export interface NamedHosts {
  readonly names: readonly string[];
  readonly port?: number;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const MOST_HOSTS = 65_536;

export function isProblem(result: object): result is Problem {
  return 'problem' in result;
}

/** Splits off the port and expands the ranges of one entry. */
export function expandHosts(entry: string): NamedHosts | Problem {
  const { name, port } = splitPort(entry);
  const wrong = wrongName(name);
  if (wrong !== undefined) return wrong;
  const names = expandRanges(name);
  if (isProblem(names)) return names;
  return { names, ...(port === undefined ? {} : { port }) };
}

/** An IPv6 address needs brackets to carry a port: `[::1]:2222`. */
function splitPort(entry: string): { name: string; port?: number } {
  const parts = /^\[(.+)\]:(\d+)$/.exec(entry) ?? /^((?:[^:[\]]|\[[^\]]*\])*):(\d+)$/.exec(entry);
  const [, name, port] = parts ?? [];
  return name === undefined || port === undefined ? { name: entry } : { name, port: Number(port) };
}

function wrongName(name: string): Problem | undefined {
  if (name === '') return { problem: 'a host has no name' };
  if (name === '---') return { problem: '"---" is no host', hint: 'a YAML inventory ends in .yml' };
  if (name.includes('='))
    return { problem: `"${name}" is no host name`, hint: 'write the name of the host before its variables' };
  if (/[\s,]/.test(name))
    return { problem: `"${name}" is no host name`, hint: 'a name holds neither blanks nor commas' };
  if (/[^:]:$/.test(name))
    return { problem: `"${name}" ends in a colon`, hint: 'a colon stands before a port' };
  return undefined;
}

/** `vm[1:3]`, `vm[01:20]`, `vm[a:f]`, `vm[1:9:2]`, several in one name; a name without a range is itself. */
export function expandRanges(name: string): readonly string[] | Problem {
  const parts = /^([^[]*)\[([^\]]*)\](.*)$/.exec(name);
  if (!parts) {
    return name.includes('[') ? badRange(name, 'a bracket is not closed') : [name];
  }
  const [, head = '', range = '', tail = ''] = parts;
  const words = rangeWords(range);
  if (isProblem(words)) return badRange(name, words.problem);
  const tails = expandRanges(tail);
  if (isProblem(tails)) return tails;
  if (words.length * tails.length > MOST_HOSTS)
    return badRange(name, `it names more than ${MOST_HOSTS} hosts`);
  return words.flatMap(word => tails.map(rest => head + word + rest));
}

function badRange(name: string, why: string): Problem {
  return {
    problem: `the range of "${name}" is wrong: ${why}`,
    hint: 'a range is [1:9], [01:20], [a:f] or [1:9:2]',
  };
}

function rangeWords(range: string): readonly string[] | Problem {
  const bounds = range.split(':');
  const [first = '', last = '', by = '1'] = bounds;
  if (bounds.length < 2 || bounds.length > 3) return { problem: 'it must be first:last or first:last:step' };
  if (last === '') return { problem: 'its end is missing' };
  if (!/^\d+$/.test(by) || Number(by) === 0) return { problem: 'its step must be a whole number above 0' };
  const step = Number(by);
  if (first.length === 1 && LETTERS.includes(first) && last.length === 1 && LETTERS.includes(last)) {
    return between(LETTERS.indexOf(first), LETTERS.indexOf(last), step, n => LETTERS.charAt(n));
  }
  if (!/^\d*$/.test(first) || !/^\d+$/.test(last))
    return { problem: 'its ends must be two numbers or two letters' };
  return numbersBetween(first || '0', last, step);
}

function numbersBetween(first: string, last: string, step: number): readonly string[] | Problem {
  const padded = first.startsWith('0') && first.length > 1;
  if (padded && first.length !== last.length)
    return { problem: `${first} and ${last} must have the same length` };
  return between(Number(first), Number(last), step, n => String(n).padStart(padded ? first.length : 1, '0'));
}

function between(
  first: number,
  last: number,
  step: number,
  write: (n: number) => string,
): readonly string[] | Problem {
  if (first > last) return { problem: 'its beginning comes after its end' };
  const count = Math.floor((last - first) / step) + 1;
  if (count > MOST_HOSTS) return { problem: `it names more than ${MOST_HOSTS} hosts` };
  return Array.from({ length: count }, (_, i) => write(first + i * step));
}
