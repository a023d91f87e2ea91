import { expect, test } from 'vitest';
import { explainSchedule, nextSchedule } from '../../src/commands/schedule.ts';

const NOW = new Date('2026-11-23T09:30:00Z');

function say(run: typeof explainSchedule, expression: string, locale: 'en' | 'fr' = 'en') {
  const out: string[] = [];
  const errors: string[] = [];
  const code = run(expression, {
    now: NOW,
    locale,
    tz: 'UTC',
    write: text => out.push(text),
    complain: text => errors.push(text),
  });
  return { code, out: out.join(''), errors: errors.join('') };
}

test('explain says the sentence, what is doubtful, and the next five times', () => {
  expect(say(explainSchedule, '* */4 * * *')).toEqual({
    code: 0,
    out: `Every minute, every 4 hours, every day
warning: it runs 60 times in each of those hours, 360 times a day (once in each of those hours is 0 */4 * * *)
Next:
  Monday 23 November 2026 12:00 UTC
  Monday 23 November 2026 12:01 UTC
  Monday 23 November 2026 12:02 UTC
  Monday 23 November 2026 12:03 UTC
  Monday 23 November 2026 12:04 UTC
`,
    errors: '',
  });
});

test('explain speaks French', () => {
  expect(say(explainSchedule, '0 4 * * 1', 'fr').out).toBe(`À 04:00, uniquement le lundi
Prochaines fois :
  lundi 30 novembre 2026 04:00 UTC
  lundi 7 décembre 2026 04:00 UTC
  lundi 14 décembre 2026 04:00 UTC
  lundi 21 décembre 2026 04:00 UTC
  lundi 28 décembre 2026 04:00 UTC
`);
});

test('@reboot has no times', () => {
  expect(say(explainSchedule, '@reboot').out).toBe(
    'Run once, at startup\nNext: whenever the machine starts\n',
  );
});

test('next prints the times alone, for scripts', () => {
  expect(say(nextSchedule, '0 */4 * * *')).toEqual({
    code: 0,
    out: '2026-11-23T12:00:00.000Z\n2026-11-23T16:00:00.000Z\n2026-11-23T20:00:00.000Z\n2026-11-24T00:00:00.000Z\n2026-11-24T04:00:00.000Z\n',
    errors: '',
  });
});

test.each([explainSchedule, nextSchedule])('what crontab would refuse ends with 4 and says why', run => {
  expect(say(run, '0 24 * * *')).toEqual({
    code: 4,
    out: '',
    errors: '"0 24 * * *": hours: 24 is not between 0 and 23 (midnight is 0)\n',
  });
  expect(say(run, '0 24 * * *', 'fr').errors).toBe(
    '"0 24 * * *" : heures : 24 n\'est pas entre 0 et 23 (minuit est 0)\n',
  );
});
