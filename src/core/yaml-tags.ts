/** How plain YAML scalars are read: YAML 1.2's core schema, with the habits of Ansible's users added. */
import type { ScalarTag, Tags } from 'yaml';
import type { Value } from './value.ts';

const YES_NO = /^(?:yes|Yes|YES|on|On|ON|no|No|NO|off|Off|OFF)$/;

function readLongInteger(text: string): Value {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

/** Tests come before those of the core schema, which reads 0644 as 644 and rounds long numbers. */
const habits: readonly ScalarTag[] = [
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: YES_NO,
    identify: () => false,
    resolve: text => /^(?:yes|on)$/i.test(text),
  },
  {
    tag: 'tag:yaml.org,2002:str',
    default: true,
    test: /^0(?:[0-9]+|o[0-7]+)$/,
    identify: () => false,
    resolve: text => text,
  },
  {
    tag: 'tag:yaml.org,2002:int',
    default: true,
    test: /^[-+]?[0-9]{16,}$/,
    identify: () => false,
    resolve: readLongInteger,
  },
];

/** Tags of Ansible's own; loading rewords them by name, so here they only must not be unknown. */
const ansible: readonly ScalarTag[] = ['!unsafe', '!vault', '!vault-encrypted'].map(tag => ({
  tag,
  identify: () => false,
  resolve: text => text,
}));

export function scalarTags(core: Tags): Tags {
  return [...habits, ...ansible, ...core];
}

/**
 * The string as a template that gives just this string, or undefined where that cannot be written.
 * `{% raw %}` eats a newline that follows it.
 */
export function neverTemplated(text: string): string | undefined {
  if (!/\{[{%#]/.test(text)) return text;
  return /\{%[-+]?\s*endraw/.test(text) || /^\r?\n/.test(text) ? undefined : `{% raw %}${text}{% endraw %}`;
}
