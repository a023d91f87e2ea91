import { describe, expect, test } from 'vitest';
import { group } from '../../tasks/group.ts';
import { behavesOnDebian } from '../support/debian-cases.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';

behavesOnDebian(group, [
  {
    does: 'creates a group',
    args: { name: 'ops', gid: 3000 },
    says: ['create group ops (gid 3000)'],
    leaves: { run: 'getent group ops', prints: 'ops:x:3000:\n' },
    returns: { name: 'ops', state: 'present', gid: 3000, system: false },
  },
  {
    does: 'creates a system group and tells its number',
    args: { name: 'daemons', system: true },
    says: ['create group daemons (system)'],
    returns: { gid: 999, system: true },
  },
  { does: 'leaves a group that is there', args: { name: 'ops' }, says: [], returns: { gid: 3000 } },
  {
    does: 'renumbers a group',
    args: { name: 'ops', gid: 3001 },
    says: ['change group ops: gid 3000 → 3001'],
    leaves: { run: 'getent group ops', prints: 'ops:x:3001:\n' },
  },
  {
    does: 'gives a number twice when told to',
    args: { name: 'twin', gid: 3001, non_unique: true },
    says: ['create group twin (gid 3001)'],
    leaves: { run: 'getent group twin', prints: 'twin:x:3001:\n' },
  },
  {
    does: 'says what groupadd says about a number that is taken',
    args: { name: 'third', gid: 3001 },
    says: ['create group third (gid 3001)'],
    fails: "groupadd: GID '3001' already exists",
  },
  { does: 'takes a name of digits for a name', args: { name: '3001', state: 'absent' }, says: [] },
  {
    does: 'removes a group',
    args: { name: 'twin', state: 'absent' },
    says: ['remove group twin'],
    leaves: { run: 'getent group twin || echo gone', prints: 'gone\n' },
    returns: { name: 'twin', state: 'absent' },
  },
]);

describe('group with busybox alone', () => {
  const args = (given: object) => withDefaults(group, { name: 'ops', ...given });
  const context = { host: 'h', planning: false, verbosity: 0 };
  const plan = (given: object, seen: object) => {
    const planned = group.plan(args(given), { tools: 'busybox', ...seen }, context);
    return 'refusal' in planned
      ? planned.refusal
      : planned.map(({ action }) => (action.kind === 'script' ? action.text.text : action.kind));
  };
  const entry = { name: 'ops', gid: 3000, members: [] };
  const tell = " && awk -F: -v name=ops '$1 == name { print $3 }' /etc/group";

  test.each([
    ['creates', { gid: 3000, system: true }, {}, [`addgroup -S -g 3000 ops${tell}`]],
    ['removes', { state: 'absent' }, { entry }, ['delgroup ops']],
    ['does not renumber', { gid: 3001 }, { entry }, 'the host has no groupmod, which the group ops needs'],
    [
      'cannot share a number',
      { gid: 1, non_unique: true },
      {},
      'the host has no groupadd, which the group ops needs',
    ],
  ])('%s', (_, given, seen, expected) => {
    expect(plan(given, seen)).toEqual(expected);
  });

  test('non_unique without a number is refused', () => {
    expect(() => args({ non_unique: true })).toThrow(new ArgumentError(['non_unique needs gid']));
  });
});
