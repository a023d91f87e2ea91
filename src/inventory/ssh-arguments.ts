/** Reads the arguments of ssh that inventories carry, as far as they are options of ssh_config. */
import { splitWords } from '../core/words.ts';
import type { Problem } from './host-names.ts';

export type SshOptions = Record<string, readonly string[]>;

const FLAGS: Readonly<Record<string, string>> = {
  J: 'proxyjump',
  F: 'configfile',
  i: 'identityfile',
  p: 'port',
  l: 'user',
};

/** Lower-case option → values, in the order given: for ssh the first counts. */
export function sshOptions(text: string, variable: string): SshOptions | Problem {
  const split = splitWords(text);
  if ('problem' in split) return { problem: `${variable}: ${split.problem}` };
  const options: SshOptions = {};
  const words = [...split.words];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [, flag = '', attached = ''] = /^-([A-Za-z])(.*)$/s.exec(word) ?? [];
    if (flag !== 'o' && !Object.hasOwn(FLAGS, flag)) return unsupported(word, variable);
    const value = attached === '' ? words.shift() : attached;
    if (value === undefined) return { problem: `${variable}: -${flag} needs a value` };
    const option = flag === 'o' ? splitOption(value) : { key: FLAGS[flag] ?? '', value };
    if (option === undefined)
      return { problem: `${variable}: "-o ${value}" is no option`, hint: 'write -o Key=value' };
    options[option.key] = [...(options[option.key] ?? []), option.value];
  }
  return options;
}

function unsupported(word: string, variable: string): Problem {
  const argument = /^-[A-Za-z]/.exec(word)?.[0] ?? word;
  return {
    problem: `${variable}: the ssh argument ${argument} is not supported`,
    hint: 'supported are -o Key=value, -J, -F, -i, -p and -l',
  };
}

/** `Key=value` or `Key value`. */
function splitOption(text: string): { key: string; value: string } | undefined {
  const [, key, value] = /^\s*([A-Za-z]\w*)(?:\s*=\s*|\s+)(.*\S)\s*$/s.exec(text) ?? [];
  return key === undefined || value === undefined
    ? undefined
    : { key: key.toLowerCase(), value: value.replace(/^"(.*)"$/s, '$1') };
}
