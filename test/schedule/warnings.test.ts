import { describe, expect, test } from 'vitest';
import { parseCron } from '../../src/core/cron/expression.ts';
import { warnings } from '../../src/schedule/warnings.ts';

function warned(text: string, locale: 'en' | 'fr' = 'en') {
  const parsed = parseCron(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return warnings(parsed.cron, locale).map(({ message, hint }) =>
    hint === undefined ? message : `${message} (${hint})`,
  );
}

describe('what is most likely not meant', () => {
  test.each([
    [
      '* */4 * * *',
      [
        'it runs 60 times in each of those hours, 360 times a day (once in each of those hours is 0 */4 * * *)',
      ],
    ],
    [
      '* */2 * * *',
      [
        'it runs 60 times in each of those hours, 720 times a day (once in each of those hours is 0 */2 * * *)',
      ],
    ],
    [
      '* 1 * * *',
      ['it runs 60 times in each of those hours, 60 times a day (once in each of those hours is 0 1 * * *)'],
    ],
    [
      '*/1 1 * * 1-5',
      [
        'it runs 60 times in each of those hours, 60 times a day (once in each of those hours is 0 1 * * 1-5)',
        'minutes: "*/1" means the same as "*"',
      ],
    ],
    [
      '* * 1 * *',
      ['it runs every minute of those days, 1440 times each (once on each of those days is 0 0 1 * *)'],
    ],
    ['*/5 */1 * * *', ['hours: "*/1" means the same as "*"']],
    ['*/7 * * * *', ['minutes: "*/7" starts over at 0, after a last interval of 4']],
    ['0 */5 * * *', ['hours: "*/5" starts over at 0, after a last interval of 4']],
    ['*/90 * * * *', ['minutes: "*/90" is only 0']],
    ['0 3 */2 * *', ['days of the month: "*/2" starts over on the 1st of every month']],
    ['0 0 13 * 5', ['a day of the month and a day of the week are given: it runs on days that match either']],
    [
      '0 0 13 * */2',
      [
        'a day of the month and a day of the week are given, one with *: it runs only on days that match both',
      ],
    ],
  ])('%s', (text, expected) => {
    expect(warned(text)).toEqual(expected);
  });

  test('in French', () => {
    expect(warned('* */4 * * *', 'fr')).toEqual([
      "s'exécute 60 fois dans chacune de ces heures, 360 fois par jour (une fois dans chacune de ces heures s'écrit 0 */4 * * *)",
    ]);
  });
});

test.each([
  '0 */4 * * *',
  '0 1 * * *',
  '* * * * *',
  '*/5 * * * *',
  '5 7 * * *',
  '0 0 1 * *',
  '0 0 * * 1-5',
  '@daily',
  '@reboot',
  '30 2 * 1 *',
])('there is nothing to say about %s', text => {
  expect(warned(text)).toEqual([]);
});
