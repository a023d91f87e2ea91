/** What is said when schedules are installed, removed and listed, in English and French. */
import type { Locale } from '../core/cron/messages.ts';

interface Words {
  readonly installed: (where: string) => string;
  readonly replaced: (where: string) => string;
  readonly same: (where: string) => string;
  readonly removed: (where: string) => string;
  readonly notThere: (where: string) => string;
  readonly named: (names: string) => string;
  readonly none: string;
  readonly log: string;
  readonly next: string;
  readonly warning: string;
}

export const jobWords: Readonly<Record<Locale, Words>> = {
  en: {
    installed: where => `installed in ${where}`,
    replaced: where => `replaced in ${where}`,
    same: where => `already in ${where}, nothing changed`,
    removed: where => `removed from ${where}`,
    notThere: where => `not in ${where}, nothing changed`,
    named: names => `what is there has a name: ${names}`,
    none: 'nothing is scheduled',
    log: 'log: ',
    next: 'next: ',
    warning: 'warning: ',
  },
  fr: {
    installed: where => `installé dans ${where}`,
    replaced: where => `remplacé dans ${where}`,
    same: where => `déjà dans ${where}, rien n'a changé`,
    removed: where => `ôté de ${where}`,
    notThere: where => `absent de ${where}, rien n'a changé`,
    named: names => `ce qui s'y trouve porte un nom : ${names}`,
    none: "rien n'est planifié",
    log: 'journal : ',
    next: 'prochaine fois : ',
    warning: 'attention : ',
  },
};
