/** gitlab.rb from data: every value a Ruby literal that means the same, on one line. */
import { describe, expect, test } from 'vitest';
import { mergeSettings, renderConfig, ruby, settingsProblems } from '../../../tasks/gitlab/config.ts';

describe('Ruby literals', () => {
  test.each([
    ['plain', "'plain'"],
    ["it's", "'it\\'s'"],
    ['back\\slash', "'back\\\\slash'"],
    ['#{`id`} stays text', "'#{`id`} stays text'"],
    ['two\nlines with #{code} and "quotes"', '"two\\nlines with \\#{code} and \\"quotes\\""'],
    ['tab\tand bell\u0007', '"tab\\tand bell\\x07"'],
    [2222, '2222'],
    [0.5, '0.5'],
    [true, 'true'],
    [null, 'nil'],
    [['a', 1], "['a', 1]"],
    [{}, '{}'],
    [{ host: 'x', 'b-c': [false] }, "{ 'host' => 'x', 'b-c' => [false] }"],
  ])('%j is %s', (value, literal) => expect(ruby(value)).toBe(literal));
});

test('plain settings are calls, maps are set key by key, and the free-form rest comes last', () => {
  const settings = {
    external_url: 'http://git.example.org',
    gitlab_rails: { gitlab_shell_ssh_port: 2222, ldap_servers: { main: { host: "o'x" } } },
    roles: ['application_role'],
  };
  expect(renderConfig(settings, "\nputs 'x'\n")).toBe(
    [
      "external_url 'http://git.example.org'",
      "gitlab_rails['gitlab_shell_ssh_port'] = 2222",
      "gitlab_rails['ldap_servers'] = { 'main' => { 'host' => 'o\\'x' } }",
      "roles ['application_role']",
      "puts 'x'",
    ].join('\n'),
  );
});

test('later settings win key by key', () => {
  const merged = mergeSettings(
    { external_url: 'a', gitlab_rails: { a: 1, b: 2 } },
    { gitlab_rails: { b: 3 }, external_url: 'b' },
    undefined,
  );
  expect(merged).toEqual({ external_url: 'b', gitlab_rails: { a: 1, b: 3 } });
});

test('a name that is no Ruby identifier is refused, whatever it would run', () => {
  expect(settingsProblems({ 'system("id")': 1, gitlab_rails: {} })).toEqual([
    'settings: "system("id")" is no name of gitlab.rb (small letters, digits and _)',
  ]);
});
