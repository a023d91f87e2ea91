import { describe, expect, it } from 'vitest';
import { createRenderer, terminalDefaults } from '../../src/render/choose.ts';
import { localeOf } from '../../src/render/messages.ts';
import type { Sink } from '../../src/render/output.ts';
import { collector, recap, taskEnd, told } from './story.ts';

function terminal(): Sink {
  return Object.assign(collector(), { isTTY: true, columns: 120, rows: 40 });
}

describe('what a terminal suggests', () => {
  const env = { TERM: 'xterm', LANG: 'fr_FR.UTF-8' };
  const pretty = { output: 'pretty', color: true, width: 120, rows: 40, locale: 'fr', unicode: true };
  const plain = { output: 'plain', color: false, width: 80, rows: 24, locale: 'fr', unicode: true };

  it.each([
    ['a terminal', env, terminal(), terminal(), pretty],
    ['no terminal', env, collector(), collector(), plain],
    ['stdout in a file', env, collector(), terminal(), { ...plain, width: 120, rows: 40 }],
    ['stderr in a file', env, terminal(), collector(), { ...pretty, output: 'plain' }],
    ['NO_COLOR', { ...env, NO_COLOR: '1' }, terminal(), terminal(), { ...pretty, color: false }],
    ['FORCE_COLOR', { ...env, FORCE_COLOR: '1' }, collector(), collector(), { ...plain, color: true }],
    ['FORCE_COLOR=0', { ...env, FORCE_COLOR: '0' }, terminal(), terminal(), { ...pretty, color: false }],
    [
      'a dumb terminal',
      { ...env, TERM: 'dumb' },
      terminal(),
      terminal(),
      { ...pretty, output: 'plain', color: false },
    ],
    ['CI', { ...env, CI: 'true' }, terminal(), terminal(), { ...pretty, output: 'plain' }],
    [
      'LANG=C',
      { TERM: 'xterm', LANG: 'C' },
      terminal(),
      terminal(),
      { ...pretty, locale: 'en', unicode: false },
    ],
  ])('%s', (_name, variables, stdout, stderr, expected) => {
    expect(terminalDefaults(variables, stdout, stderr)).toEqual(expected);
  });

  it.each([
    [{ LANG: 'fr_CA.UTF-8' }, 'fr'],
    [{ LANG: 'fr' }, 'fr'],
    [{ LANG: 'en_US.UTF-8' }, 'en'],
    [{ LANG: 'fr_FR', LC_ALL: 'C' }, 'en'],
    [{ LANG: 'C', LC_MESSAGES: 'fr_FR' }, 'fr'],
    [{ LANG: 'frr_DE' }, 'en'],
    [{}, 'en'],
  ])('%o is %s', (variables, locale) => {
    expect(localeOf(variables)).toBe(locale);
  });
});

describe('pretty without a terminal', () => {
  it('writes the same lines with nothing redrawn, in ASCII where the terminal has no more', async () => {
    const events = [taskEnd(), taskEnd({ status: 'failed', message: 'no' })];
    expect(await told(events, { output: 'pretty' })).toEqual({
      out: '✔ ok       vm1  Install Docker\n✖ failed   vm1  Install Docker — no\n    playbooks/x.yml:12\n',
      err: '',
    });
    const ascii = await told(events, { output: 'pretty', unicode: false });
    expect(ascii.out).toMatch(/^\+ ok {7}vm1 {2}Install Docker\nx failed/);
  });
});

describe('a renderer that fails', () => {
  it('is reported once and left alone, and the engine never notices', async () => {
    const stdout = collector();
    const errors: Error[] = [];
    const renderer = await createRenderer({
      output: 'plain',
      verbosity: 0,
      diff: false,
      color: false,
      width: 80,
      rows: 24,
      stdout,
      stderr: collector(),
      now: () => {
        throw new Error('no clock');
      },
      onBroken: error => errors.push(error),
    });
    renderer.on(taskEnd());
    renderer.on(taskEnd());
    renderer.on(recap());
    await renderer.close();
    expect(errors).toEqual([new Error('no clock')]);
    expect(stdout.text()).toBe('');
  });
});
