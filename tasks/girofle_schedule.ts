/** girofle_schedule: a playbook that cron runs, in a marked block of a crontab. */
import { resolve } from 'node:path';
import { type Static, Type } from 'typebox';
import { Choice } from '../src/core/args.ts';
import { BrokenBlock, putBlock, takeBlock, textOfBlock } from '../src/core/cron/crontab.ts';
import { type Cron, parseCron } from '../src/core/cron/expression.ts';
import { type Job, type JobName, jobProblem, makeJob } from '../src/core/cron/job.ts';
import { offset } from '../src/core/cron/offset.ts';
import {
  CHANGED_MEANWHILE,
  type CronSurvey,
  cronSurveyScript,
  readCronSurvey,
  replaceScript,
  type Table,
  type TableName,
} from '../src/core/cron/tables.ts';
import { probe } from '../src/core/probe.ts';
import type { Step } from '../src/core/step.ts';
import { defineTask, isRefusal, type Plan, type Refusal, refuse } from '../src/core/task-module.ts';
import type { ValueMap } from '../src/core/value.ts';

const args = Type.Object(
  {
    playbook: Type.String({ description: 'Playbook to run, an absolute path', pattern: '^/' }),
    name: Type.String({
      description: 'Tells several jobs of one playbook apart',
      pattern: '^[\\w.-]*$',
      default: '',
    }),
    state: Choice(['present', 'absent'], 'Whether cron runs it', 'present'),
    crontab: Choice(
      ['user', 'system', 'none'],
      'Where the job stands: the crontab of the user who runs this task, /etc/cron.d, or nowhere; it is taken out of the others',
      'user',
    ),
    cron: Type.Optional(
      Type.String({
        description: 'When: five fields or an alias, as crontab(5) has them; needed for present',
      }),
    ),
    offset_minutes: Type.Integer({
      description: 'So many minutes later, so that two jobs with one schedule do not begin together',
      default: 0,
      minimum: 0,
      maximum: 7 * 24 * 60 - 1,
    }),
    inventory: Type.Array(Type.String(), {
      description: 'Inventories of the run, absolute paths: `{{ ansible_inventory_sources }}`',
      default: [],
    }),
    limit: Type.Optional(Type.String({ description: 'Hosts to run it on' })),
    extra_vars: Type.Unsafe<ValueMap>({
      type: 'object',
      description: 'Variables for the run; they stand in the crontab',
      default: {},
    }),
    program: Type.Unsafe<{ readonly node: string; readonly cli: string; readonly folder: string }>({
      type: 'object',
      description: 'How girofle-run is started: `{{ girofle_program }}`',
      default: { node: '', cli: '', folder: '' },
    }),
  },
  { additionalProperties: false },
);

type Args = Static<typeof args>;

function check(given: Args): readonly string[] {
  const { cron, playbook, program } = given;
  if (!isWanted(given)) return [];
  const parsed = cron === undefined ? undefined : parseCron(cron);
  return [
    ...(parsed === undefined ? ['cron is needed: when the playbook runs'] : []),
    ...(parsed && 'problem' in parsed ? [`cron "${cron}": ${inBrackets(parsed.problem, parsed.hint)}`] : []),
    ...(parsed && 'cron' in parsed && moved(parsed.cron, given) === undefined
      ? [
          `cron "${cron}" cannot be moved by ${given.offset_minutes} minutes: some of its times would pass the hour or the day, others not`,
        ]
      : []),
    ...(resolve(playbook) === playbook ? [] : [`playbook ${playbook}: write ${resolve(playbook)}`]),
    ...([program.node, program.cli, program.folder].every(path => path.startsWith('/'))
      ? []
      : ['program needs node, cli and folder, absolute paths: "{{ girofle_program }}"']),
  ];
}

function isWanted({ state, crontab }: Args): boolean {
  return state === 'present' && crontab !== 'none';
}

function moved(cron: Cron, { offset_minutes }: Args): string | undefined {
  return offset(cron, offset_minutes);
}

function inBrackets(sentence: string, hint: string | undefined): string {
  return `${sentence}${hint === undefined ? '' : ` (${hint})`}`;
}

/** When it runs, the offset counted in; `check` has seen that it can be. */
function expressionOf(given: Args): string {
  const parsed = parseCron(given.cron ?? '');
  return 'cron' in parsed ? (moved(parsed.cron, given) ?? '') : '';
}

function plan(given: Args, survey: CronSurvey): Plan {
  const tables = Object.values(survey.tables);
  const chosen = isWanted(given) ? tables.filter(({ name }) => name === given.crontab) : [];
  const plans = [
    ...tables.filter(table => !chosen.includes(table)).map(table => removal(given, survey, table)),
    ...chosen.map(table => installation(given, survey, table)),
  ];
  return plans.find(isRefusal) ?? plans.flatMap(one => (isRefusal(one) ? [] : one));
}

/** A crontab that nobody may read holds no job of ours. */
function removal(given: Args, survey: CronSurvey, table: Table): Plan {
  const after = table.readable ? takeBlock(table.content, nameOf(given)) : table.content;
  if (after instanceof BrokenBlock) return broken(after, table);
  if (after.length === table.content.length) return [];
  if (table.problem !== undefined) return unusable(table, table.problem);
  const say = `take ${titleOf(given)} out of ${table.title}`;
  return [replacement(say, given, survey, table, after)];
}

function installation(given: Args, survey: CronSurvey, table: Table): Plan {
  if (!table.readable && table.problem !== undefined) return unusable(table, table.problem);
  const job = jobOf(given, survey, table.name);
  const problem = jobProblem(job);
  if (problem !== undefined) return refuse(`${titleOf(given)} cannot be run by cron: ${problem}`);
  const after = putBlock(table.content, job);
  if (after instanceof BrokenBlock) return broken(after, table);
  if (Buffer.compare(after, table.content) === 0) return [];
  if (table.problem !== undefined) return unusable(table, table.problem);
  const verb = textOfBlock(table.content, job) === '' ? 'put' : 'renew';
  const say = `${verb} ${titleOf(given)} at ${job.expression} ${verb === 'put' ? 'into' : 'in'} ${table.title}`;
  return [replacement(say, given, survey, table, after)];
}

function jobOf(given: Args, { user, where, flock }: CronSurvey, table: TableName): Job {
  const { inventory, limit, extra_vars, program } = given;
  const passed = {
    inventory,
    ...(limit === undefined ? {} : { limit }),
    extraVars: Object.keys(extra_vars).length === 0 ? [] : [JSON.stringify(extra_vars)],
  };
  const owner = table === 'system' ? user : undefined;
  return makeJob(nameOf(given), expressionOf(given), passed, program, { where, user: owner, flock });
}

function replacement(say: string, given: Args, survey: CronSurvey, table: Table, after: Uint8Array): Step {
  const name = nameOf(given);
  const text = (content: Uint8Array) => textOfBlock(content, name) || null;
  return {
    say,
    diff: { title: table.title, before: text(table.content), after: text(after) },
    action: { kind: 'script', text: replaceScript(survey, table, after), limit: 120 },
  };
}

function unusable({ hint }: Table, problem: string): Refusal {
  return refuse(problem, hint === undefined ? {} : { hint });
}

function broken(block: BrokenBlock, { title }: Table): Refusal {
  return refuse(block.sentence(title), { hint: 'mend or delete it by hand: crontab -e' });
}

function nameOf({ playbook, name }: Args): JobName {
  return { playbook, name };
}

function titleOf({ playbook, name }: Args): string {
  const file = playbook.slice(playbook.lastIndexOf('/') + 1);
  return name === '' ? file : `${file} (${name})`;
}

export const girofle_schedule = defineTask({
  name: 'girofle_schedule',
  summary: 'Let cron run a playbook',
  description: `The job stands in a marked block of a crontab; what others wrote there stays byte for byte. The block stands before the first line
that sets a variable, for that would hold for the job as well. The line starts girofle-run by absolute paths, unless its last run is
still under way, and logs what it says. Delegate the task to localhost: cron runs where girofle-run does. Where somebody else
changes the crontab at the same moment it is left alone and the task fails: give it \`until\` and \`retries\`. See docs/schedule.md.`,
  args,
  examples: `
- name: A backup every four hours
  girofle_schedule:
    playbook: /srv/girofle/playbooks/backup.yml
    name: "{{ inventory_hostname }}"
    cron: '0 */4 * * *'
    inventory: "{{ ansible_inventory_sources }}"
    limit: "{{ inventory_hostname }}"
    program: "{{ girofle_program }}"
  delegate_to: localhost
  become: false

- name: No more
  girofle_schedule:
    playbook: /srv/girofle/playbooks/backup.yml
    name: "{{ inventory_hostname }}"
    state: absent
  delegate_to: localhost
  become: false
`,
  returns: {
    expression: 'When it runs, the offset counted in',
    crontab: 'Where it stands',
    changed_meanwhile:
      'Whether it failed because somebody else changed the crontab at that moment: then try again',
  },
  check,
  probe: () => probe(cronSurveyScript, readCronSurvey),
  plan,
  result: (given, { tables }, outputs) => ({
    changed_meanwhile: outputs.some(({ code }) => code === CHANGED_MEANWHILE),
    ...(isWanted(given) && given.crontab !== 'none'
      ? { expression: expressionOf(given), crontab: tables[given.crontab].title }
      : {}),
  }),
});
