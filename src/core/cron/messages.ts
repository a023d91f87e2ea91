/** What is said about schedules, in English and French. */

export type Locale = 'en' | 'fr';

interface Messages {
  readonly field: Readonly<Record<'minute' | 'hour' | 'day' | 'month' | 'weekday', string>>;
  readonly known: string;
  readonly midnight: string;
  readonly write: (text: string) => string;
  readonly empty: string;
  readonly fields: (count: number) => string;
  readonly sixFields: string;
  readonly fiveFields: string;
  readonly alias: (word: string) => string;
  readonly aliases: (words: string) => string;
  readonly badPart: (field: string, part: string) => string;
  readonly stepAlone: (field: string, part: string) => string;
  readonly noStep: (field: string, part: string) => string;
  readonly backwards: (field: string, part: string) => string;
  readonly outside: (field: string, part: string, min: number, max: number) => string;
  readonly never: string;
  readonly everyMinute: (perHour: number, perDay: number) => string;
  readonly everyMinuteOfDays: string;
  readonly onceAnHour: (text: string) => string;
  readonly onceADay: (text: string) => string;
  readonly sameAsStar: (field: string) => string;
  readonly uneven: (field: string, part: string, last: number) => string;
  readonly eachMonth: (part: string) => string;
  readonly onlyOnce: (field: string, part: string, value: number) => string;
  readonly eitherDay: string;
  readonly bothDays: string;
  readonly warning: string;
  readonly next: string;
  readonly atStart: string;
}

export const messages: Readonly<Record<Locale, Messages>> = {
  en: {
    field: {
      minute: 'minutes',
      hour: 'hours',
      day: 'days of the month',
      month: 'months',
      weekday: 'days of the week',
    },
    known: 'crontab knows numbers, names of months and days, *, lists (1,15), ranges (1-5) and steps (*/4)',
    midnight: 'midnight is 0',
    write: text => `write ${text}`,
    empty: 'the schedule is empty',
    fields: count => `a schedule has five fields, this one has ${count}`,
    sixFields: 'crontab knows no seconds: leave the first field out',
    fiveFields: 'minute, hour, day of the month, month, day of the week: 0 */4 * * *',
    alias: word => `unknown alias ${word}`,
    aliases: words => `the aliases are ${words}`,
    badPart: (field, part) => `${field}: "${part}" is not understood`,
    stepAlone: (field, part) => `${field}: "${part}" has a step without a range`,
    noStep: (field, part) => `${field}: "${part}" has a step of 0`,
    backwards: (field, part) => `${field}: the range "${part}" runs backwards`,
    outside: (field, part, min, max) => `${field}: ${part} is not between ${min} and ${max}`,
    never: 'no month named has that day: it would never run',
    everyMinute: (perHour, perDay) =>
      `it runs ${perHour} times in each of those hours, ${perDay} times a day`,
    everyMinuteOfDays: 'it runs every minute of those days, 1440 times each',
    onceAnHour: text => `once in each of those hours is ${text}`,
    onceADay: text => `once on each of those days is ${text}`,
    sameAsStar: field => `${field}: "*/1" means the same as "*"`,
    uneven: (field, part, last) => `${field}: "${part}" starts over at 0, after a last interval of ${last}`,
    eachMonth: part => `days of the month: "${part}" starts over on the 1st of every month`,
    onlyOnce: (field, part, value) => `${field}: "${part}" is only ${value}`,
    eitherDay: 'a day of the month and a day of the week are given: it runs on days that match either',
    bothDays:
      'a day of the month and a day of the week are given, one with *: it runs only on days that match both',
    warning: 'warning',
    next: 'Next',
    atStart: 'whenever the machine starts',
  },
  fr: {
    field: {
      minute: 'minutes',
      hour: 'heures',
      day: 'jours du mois',
      month: 'mois',
      weekday: 'jours de la semaine',
    },
    known:
      'crontab connaît les nombres, les noms anglais de mois et de jours, *, les listes (1,15), les plages (1-5) et les pas (*/4)',
    midnight: 'minuit est 0',
    write: text => `écrivez ${text}`,
    empty: 'la planification est vide',
    fields: count => `une planification a cinq champs, celle-ci en a ${count}`,
    sixFields: 'crontab ne connaît pas les secondes : ôtez le premier champ',
    fiveFields: 'minute, heure, jour du mois, mois, jour de la semaine : 0 */4 * * *',
    alias: word => `alias inconnu ${word}`,
    aliases: words => `les alias sont ${words}`,
    badPart: (field, part) => `${field} : « ${part} » n'est pas compris`,
    stepAlone: (field, part) => `${field} : « ${part} » a un pas sans plage`,
    noStep: (field, part) => `${field} : « ${part} » a un pas de 0`,
    backwards: (field, part) => `${field} : la plage « ${part} » va à rebours`,
    outside: (field, part, min, max) => `${field} : ${part} n'est pas entre ${min} et ${max}`,
    never: "aucun des mois donnés n'a ce jour : rien ne s'exécuterait jamais",
    everyMinute: (perHour, perDay) =>
      `s'exécute ${perHour} fois dans chacune de ces heures, ${perDay} fois par jour`,
    everyMinuteOfDays: "s'exécute à chaque minute de ces jours, 1440 fois chacun",
    onceAnHour: text => `une fois dans chacune de ces heures s'écrit ${text}`,
    onceADay: text => `une fois chacun de ces jours s'écrit ${text}`,
    sameAsStar: field => `${field} : « */1 » veut dire la même chose que « * »`,
    uneven: (field, part, last) =>
      `${field} : « ${part} » repart de 0, après un dernier intervalle de ${last}`,
    eachMonth: part => `jours du mois : « ${part} » repart du 1er chaque mois`,
    onlyOnce: (field, part, value) => `${field} : « ${part} » n'est que ${value}`,
    eitherDay:
      "un jour du mois et un jour de la semaine sont donnés : s'exécute les jours qui correspondent à l'un ou à l'autre",
    bothDays:
      "un jour du mois et un jour de la semaine sont donnés, l'un avec * : s'exécute seulement les jours qui correspondent aux deux",
    warning: 'attention',
    next: 'Prochaines fois',
    atStart: 'à chaque démarrage de la machine',
  },
};
