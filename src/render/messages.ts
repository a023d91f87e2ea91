/** What renderers say to people, in English and French. Statuses keep Ansible's words in both. */
import { formatSeconds } from './text.ts';

export type Locale = 'en' | 'fr';

export interface Messages {
  /** Headings, with their colon. */
  readonly changed: string;
  readonly wouldChange: string;
  readonly failed: string;
  readonly unreachable: string;
  readonly nothingToChange: string;
  /** `Plan: 7 to change, 2 uncertain, on 3 hosts.` */
  readonly plan: (certain: number, uncertain: number, hosts: number) => string;
  readonly incomplete: (failed: number, unreachable: number) => string;
  readonly hosts: (count: number) => string;
  readonly tasks: (count: number) => string;
  readonly items: (count: number) => string;
  readonly exchanges: (count: number) => string;
  readonly more: (count: number) => string;
  readonly moreSteps: (count: number) => string;
  readonly moreLines: (count: number) => string;
  readonly hint: (advice: string) => string;
  readonly uncertain: (reason: string) => string;
  readonly handler: string;
  readonly retry: (attempt: number, retries: number, delay: number) => string;
  readonly connected: (seconds: number) => string;
  readonly planning: (playbooks: string) => string;
  readonly running: (playbooks: string) => string;
  readonly interrupted: (signal: string) => string;
  readonly warning: string;
  readonly binary: string;
  readonly tooDifferent: string;
  readonly noFile: string;
  /** The line above the running hosts. */
  readonly progress: (done: number, hosts: number) => string;
  readonly waiting: (count: number) => string;
}

function counted(one: string, several: string): (count: number) => string {
  return count => `${count} ${count === 1 ? one : several}`;
}

/** French counts 0 and 1 as singular. */
function countedInFrench(one: string, several: string): (count: number) => string {
  return count => `${count} ${count < 2 ? one : several}`;
}

/** `a, b`, without what is undefined. */
function joined(parts: readonly (string | undefined)[]): string {
  return parts.filter(part => part !== undefined).join(', ');
}

const hosts = counted('host', 'hosts');
const hostsInFrench = countedInFrench('hôte', 'hôtes');

const en: Messages = {
  changed: 'Changed:',
  wouldChange: 'Would change:',
  failed: 'Failed:',
  unreachable: 'Unreachable:',
  nothingToChange: 'Nothing to change.',
  plan: (certain, uncertain, on) =>
    `Plan: ${joined([`${certain} to change`, uncertain > 0 ? `${uncertain} uncertain` : undefined])}, on ${hosts(on)}.`,
  incomplete: (failed, unreachable) =>
    `The plan is incomplete: ${joined([
      failed > 0 ? `${hosts(failed)} failed` : undefined,
      unreachable > 0 ? `${hosts(unreachable)} unreachable` : undefined,
    ])}.`,
  hosts,
  tasks: counted('task', 'tasks'),
  items: counted('item', 'items'),
  exchanges: counted('exchange', 'exchanges'),
  more: count => `and ${count} more`,
  moreSteps: count => `… and ${count} more (-v shows all)`,
  moreLines: count => `… ${counted('line', 'lines')(count)} before these (-v shows all)`,
  hint: advice => `hint: ${advice}`,
  uncertain: reason => (reason === '' ? 'uncertain' : `uncertain: ${reason}`),
  handler: 'handler',
  retry: (attempt, retries, delay) =>
    `attempt ${attempt} of ${retries} failed, again in ${formatSeconds(delay)}`,
  connected: seconds => `connected in ${formatSeconds(seconds)}`,
  planning: playbooks => `Planning ${playbooks}: nothing is touched.`,
  running: playbooks => `Running ${playbooks}.`,
  interrupted: signal => `Interrupted (${signal}): ending what runs on the hosts.`,
  warning: 'warning:',
  binary: 'binary content differs',
  tooDifferent: 'too different to show line by line',
  noFile: '(no file)',
  progress: (done, all) => `${done} of ${hosts(all)} done`,
  waiting: count => `${count} more running`,
};

const fr: Messages = {
  changed: 'Modifié :',
  wouldChange: 'Serait modifié :',
  failed: 'En échec :',
  unreachable: 'Injoignables :',
  nothingToChange: 'Rien à changer.',
  plan: (certain, uncertain, on) =>
    `Plan : ${joined([`${certain} à changer`, uncertain > 0 ? countedInFrench('incertain', 'incertains')(uncertain) : undefined])}, sur ${hostsInFrench(on)}.`,
  incomplete: (failed, unreachable) =>
    `Le plan est incomplet : ${joined([
      failed > 0 ? `${hostsInFrench(failed)} en échec` : undefined,
      unreachable > 0
        ? `${countedInFrench('hôte injoignable', 'hôtes injoignables')(unreachable)}`
        : undefined,
    ])}.`,
  hosts: hostsInFrench,
  tasks: countedInFrench('tâche', 'tâches'),
  items: countedInFrench('élément', 'éléments'),
  exchanges: countedInFrench('échange', 'échanges'),
  more: count => `et ${countedInFrench('autre', 'autres')(count)}`,
  moreSteps: count => `… et ${countedInFrench('autre', 'autres')(count)} (-v montre tout)`,
  moreLines: count => `… ${countedInFrench('ligne', 'lignes')(count)} avant celles-ci (-v montre tout)`,
  hint: advice => `conseil : ${advice}`,
  uncertain: reason => (reason === '' ? 'incertain' : `incertain : ${reason}`),
  handler: 'handler',
  retry: (attempt, retries, delay) =>
    `échec de l’essai ${attempt} sur ${retries}, nouvel essai dans ${formatSeconds(delay)}`,
  connected: seconds => `connecté en ${formatSeconds(seconds)}`,
  planning: playbooks => `Plan de ${playbooks} : rien n’est touché.`,
  running: playbooks => `Exécution de ${playbooks}.`,
  interrupted: signal => `Interrompu (${signal}) : arrêt de ce qui tourne sur les hôtes.`,
  warning: 'avertissement :',
  binary: 'le contenu binaire diffère',
  tooDifferent: 'trop différent pour être montré ligne à ligne',
  noFile: '(pas de fichier)',
  progress: (done, all) => `${done} sur ${hostsInFrench(all)}`,
  waiting: count => `${countedInFrench('autre en cours', 'autres en cours')(count)}`,
};

export const catalogue: Readonly<Record<Locale, Messages>> = { en, fr };

/** The language of the environment, as gettext finds it. */
export function localeOf(env: Readonly<Record<string, string | undefined>>): Locale {
  const name = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  return /^fr\b|^fr_/i.test(name) ? 'fr' : 'en';
}
