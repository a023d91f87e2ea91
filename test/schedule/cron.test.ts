import { describe, expect, test } from 'vitest';
import { parseCron } from '../../src/core/cron/expression.ts';
import { explain, nextTimes } from '../../src/schedule/cron.ts';

/** `next` and the like begin here: a Monday in summer time. */
const NOW = new Date('2026-03-23T12:00:00Z');

function cron(text: string) {
  const parsed = parseCron(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.cron;
}

describe('what crontab refuses is refused', () => {
  const known =
    'crontab knows numbers, names of months and days, *, lists (1,15), ranges (1-5) and steps (*/4)';
  const five = 'minute, hour, day of the month, month, day of the week: 0 */4 * * *';
  test.each([
    ['', 'the schedule is empty', five],
    ['   ', 'the schedule is empty', five],
    ['0 4 * *', 'a schedule has five fields, this one has 4', five],
    [
      '0 0 4 * * *',
      'a schedule has five fields, this one has 6',
      'crontab knows no seconds: leave the first field out',
    ],
    ['0 4 * * * /usr/bin/backup --all', 'a schedule has five fields, this one has 7', five],
    ['60 4 * * *', 'minutes: 60 is not between 0 and 59', undefined],
    ['0 24 * * *', 'hours: 24 is not between 0 and 23', 'midnight is 0'],
    ['0 0 0 * *', 'days of the month: 0 is not between 1 and 31', undefined],
    ['0 0 * 13 *', 'months: 13 is not between 1 and 12', undefined],
    ['0 0 * * 8', 'days of the week: 8 is not between 0 and 7', undefined],
    ['0 0 L * *', 'days of the month: "L" is not understood', known],
    ['0 0 * * 1#2', 'days of the week: "1#2" is not understood', known],
    ['H 0 * * *', 'minutes: "H" is not understood', known],
    ['0 0 ? * *', 'days of the month: "?" is not understood', known],
    ['0 0 * * lun', 'days of the week: "lun" is not understood', 'did you mean "sun"?'],
    ['0 0 * * monday', 'days of the week: "monday" is not understood', 'write mon'],
    ['0, 0 * * *', 'minutes: "" is not understood', known],
    ['*-5 0 * * *', 'minutes: "*-5" is not understood', known],
    ['5/10 * * * *', 'minutes: "5/10" has a step without a range', 'write 5-59/10'],
    ['*/0 * * * *', 'minutes: "*/0" has a step of 0', undefined],
    ['0 22-6 * * *', 'hours: the range "22-6" runs backwards', 'write 22-23,0-6'],
    ['0 0 30 2 *', 'no month named has that day: it would never run', undefined],
    ['0 0 31 2,4,6 *', 'no month named has that day: it would never run', undefined],
    ['@dayly', 'unknown alias @dayly', 'did you mean "@daily"?'],
    [
      '@every 5m',
      'unknown alias @every 5m',
      'the aliases are @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @reboot',
    ],
  ])('%j: %s', (text, problem, hint) => {
    expect(parseCron(text)).toEqual({ problem, ...(hint === undefined ? {} : { hint }) });
  });
});

test('the fields hold what they stand for', () => {
  expect(cron(' 5,10-12  */6 1-31/10 jan-MAR  fri-7 ')).toEqual({
    text: '5,10-12 */6 1-31/10 jan-MAR fri-7',
    fields: {
      minute: { text: '5,10-12', values: [5, 10, 11, 12] },
      hour: { text: '*/6', values: [0, 6, 12, 18] },
      day: { text: '1-31/10', values: [1, 11, 21, 31] },
      month: { text: 'jan-MAR', values: [1, 2, 3] },
      weekday: { text: 'fri-7', values: [0, 5, 6] },
    },
  });
});

describe('the next times', () => {
  test.each([
    ['0 */4 * * *', 'UTC', ['2026-03-23T16:00', '2026-03-23T20:00', '2026-03-24T00:00']],
    ['* */4 * * *', 'UTC', ['2026-03-23T12:01', '2026-03-23T12:02', '2026-03-23T12:03']],
    ['@daily', 'UTC', ['2026-03-24T00:00', '2026-03-25T00:00', '2026-03-26T00:00']],
    ['@Midnight', 'Europe/Paris', ['2026-03-23T23:00', '2026-03-24T23:00', '2026-03-25T23:00']],
    ['@reboot', 'UTC', []],
    ['0 0 * * 7', 'UTC', ['2026-03-29T00:00', '2026-04-05T00:00', '2026-04-12T00:00']],
    ['0 12 29 2 *', 'UTC', ['2028-02-29T12:00', '2032-02-29T12:00', '2036-02-29T12:00']],
    // A day of the month or a day of the week.
    ['0 0 1 * 1', 'UTC', ['2026-03-30T00:00', '2026-04-01T00:00', '2026-04-06T00:00']],
    ['0 0 30 2 mon', 'UTC', ['2027-02-01T00:00', '2027-02-08T00:00', '2027-02-15T00:00']],
    ['0 0 1 * 0-6', 'UTC', ['2026-03-24T00:00', '2026-03-25T00:00', '2026-03-26T00:00']],
    // With a field that begins with *, both.
    ['0 0 */2 * 1', 'UTC', ['2026-04-13T00:00', '2026-04-27T00:00', '2026-05-11T00:00']],
    // The clock goes forward on the 29th: half past two does not exist there.
    ['30 2 29 3 *', 'Europe/Paris', ['2026-03-29T01:30', '2027-03-29T00:30', '2028-03-29T00:30']],
  ])('%s in %s', (text, tz, times) => {
    expect(nextTimes(cron(text), NOW, 3, tz).map(time => time.toISOString().slice(0, 16))).toEqual(times);
  });
});

describe('in words', () => {
  test.each([
    [
      '0 */4 * * *',
      'On the hour, every 4 hours, every day',
      "À l'heure pile, toutes les 4 heures, tous les jours",
    ],
    ['0 1 * * *', 'At 01:00, every day', 'À 01:00, tous les jours'],
    [
      '30 3 * JAN Mon',
      'At 03:30, only on Monday, only in January',
      'À 03:30, uniquement le lundi, uniquement en janvier',
    ],
    ['@weekly', 'At 00:00, only on Sunday', 'À 00:00, uniquement le dimanche'],
    ['@reboot', 'Run once, at startup', 'Exécuter une fois, au démarrage'],
  ])('%s', (text, english, french) => {
    expect([explain(cron(text), 'en'), explain(cron(text), 'fr')]).toEqual([english, french]);
  });
});
