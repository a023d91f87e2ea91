/**
 * Lets an inventory say `host`, `port` or `user` for `ansible_host`, `ansible_port` or `ansible_user`. Only what stands in the
 * inventory itself counts: `port` in a playbook or in group_vars/ is about something else.
 */
import type { Layer } from '../core/value.ts';

const SHORT_NAMES = [
  'host',
  'port',
  'user',
  'password',
  'connection',
  'become',
  'become_user',
  'become_method',
  'become_flags',
  'become_pass',
  'become_password',
  'become_password_file',
  'private_key_file',
  'ssh_private_key_file',
  'ssh_common_args',
  'ssh_extra_args',
];

/**
 * Puts the long names below all other layers, so that one written out wins wherever it stands.
 * @param written layers that may use the short names
 */
export function withConnectionNames(written: readonly Layer[], layers: readonly Layer[]): readonly Layer[] {
  const long = written.flatMap(layer => {
    const entries = SHORT_NAMES.flatMap(name =>
      Object.hasOwn(layer.values, name) ? [[`ansible_${name}`, layer.values[name] ?? null] as const] : [],
    );
    return entries.length === 0 ? [] : [{ ...layer, values: Object.fromEntries(entries) }];
  });
  return [...long, ...layers];
}
