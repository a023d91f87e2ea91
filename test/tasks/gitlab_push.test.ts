/** What gitlab_push plans from what was seen: what is sent, what goes, what is in the way. */
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/core/probe.ts';
import { isRefusal, type Plan } from '../../src/core/task-module.ts';
import type { ValueMap } from '../../src/core/value.ts';
import { gitlab_push } from '../../tasks/gitlab_push.ts';
import { readPushSurvey } from '../../tasks/push/survey.ts';
import { ArgumentError, withDefaults } from '../support/module-args.ts';

const DISK = { name: 'disk', driver: 'directory', path: '/mnt/disk', keep: { last: 2 } };
const [D20, D21, D22] = ['2026-11-20T00-00-00Z', '2026-11-21T00-00-00Z', '2026-11-22T00-00-00Z'];
const SURVEY = `id 0a1b2c3d
now 1795428000
instance yes
local ${D20}
local ${D21}
local ${D22}`;
const context = { host: 'h', planning: true, verbosity: 0 };

function args(more: ValueMap = {}): ValueMap {
  return withDefaults(gitlab_push, { number: 2, host_name: 'vm1', remote: DISK, ...more });
}

function planFor(more: string, given: ValueMap = {}, survey = SURVEY): Plan {
  return gitlab_push.plan(args(given), readPushSurvey(`${survey}\n${more}`), context);
}

const says = (plan: Plan) => (isRefusal(plan) ? plan.refusal : plan.map(({ say }) => say));
const followed = (say: string, ...more: readonly string[]) => [
  say,
  'follow the push of instance 2 to its end',
  'read what it says of itself',
  ...more,
];

describe('plans', () => {
  test.each<[string, string, ValueMap, readonly string[]]>([
    [
      'the newest where the remote has none',
      '',
      {},
      followed(`push ${D22} of instance 2 to disk (the first there)`),
    ],
    [
      'all that are newer than the newest there, oldest first',
      `there ${D20}\nverified ${D20}`,
      {},
      followed(
        `push ${D21}, ${D22} of instance 2 to disk (the last there is of ${D20})`,
        `remove ${D20} from disk: no rule keeps it`,
      ),
    ],
    ['none where all are there and verified', `there ${D22}\nverified ${D22}`, {}, []],
    [
      'to verify what a push that died has sent',
      `there ${D22}`,
      {},
      followed(`verify ${D22} of instance 2 on disk`),
    ],
    [
      'only up to a date',
      `there ${D20}\nverified ${D20}`,
      { up_to: D21 },
      followed(`push ${D21} of instance 2 to disk (the last there is of ${D20})`),
    ],
    [
      'to remove what no rule keeps, each with its reason',
      `there 2026-11-01T00-00-00Z\nthere ${D20}\nthere ${D21}\nthere ${D22}\nverified ${D22}`,
      {},
      followed(
        'remove old backups of instance 2 from disk',
        `remove ${D20} from disk: no rule keeps it`,
        'remove 2026-11-01T00-00-00Z from disk: no rule keeps it',
      ),
    ],
    [
      'not to remove anything where the last backup failed',
      `there 2026-11-01T00-00-00Z\nthere ${D20}\nthere ${D21}\nthere ${D22}\nverified ${D22}\nfailed 2026-11-22T04:00:00Z`,
      {},
      [],
    ],
    [
      'not to remove the last that was verified',
      `there 2026-11-01T00-00-00Z\nthere ${D20}\nthere ${D21}\nthere ${D22}\nverified ${D20}`,
      {},
      followed(
        `verify ${D22} of instance 2 on disk`,
        'remove 2026-11-01T00-00-00Z from disk: no rule keeps it',
      ),
    ],
    [
      'nothing to remove on one that is append-only',
      `there 2026-11-01T00-00-00Z\nthere ${D20}\nthere ${D21}\nthere ${D22}\nverified ${D22}`,
      { remote: { ...DISK, append_only: true } },
      [],
    ],
    [
      'to push all the same where a backup of a wrong clock is there',
      `there ${D21}\nthere 2031-01-01T00-00-00Z\nverified ${D21}`,
      {},
      followed(`push ${D22} of instance 2 to disk (the last there is of 2031-01-01T00-00-00Z)`),
    ],
    [
      'by the default policy: plenty stays',
      `there ${D20}\nthere ${D21}\nthere ${D22}\nverified ${D22}`,
      { remote: { name: 'disk', driver: 'directory', path: '/mnt/disk' } },
      [],
    ],
  ])('%s', (_, survey, given, expected) => {
    expect(says(planFor(survey, given))).toEqual(expected);
  });
});

describe('refuses', () => {
  test.each<[string, string, string]>([
    [
      'a remote that cannot be used',
      'objection no connection to nas: \\"x\\"',
      'remote disk: no connection to nas: "x"',
    ],
    [
      'what the host has not',
      'lacking rsync\nlacking ssh',
      'rsync, ssh must be on this host to push to remote disk',
    ],
    [
      'a second push to the same remote',
      'busy 4711 2026-11-23T10:00:00Z a push',
      'another push of instance 2 to remote disk runs since 2026-11-23T10:00:00Z, pid 4711',
    ],
  ])('%s', (_, survey, sentence) => {
    expect(says(planFor(survey))).toBe(sentence);
  });

  test('an instance that is not there', () => {
    expect(says(planFor('', {}, 'id 1'))).toBe(
      'there is no instance 2: /girofle/noeud-gitlab-2 is not there',
    );
  });

  test('a busy one is told apart for the exit code', () => {
    const plan = planFor('busy 4711 2026-11-23T10:00:00Z a push');
    expect(isRefusal(plan) && plan.result).toEqual({ busy: true });
  });

  test.each<[ValueMap, string]>([
    [{ remote: { ...DISK, paht: 1 } }, 'unknown key "paht" of remote disk: did you mean "path"?'],
    [{ up_to: 'yesterday' }, 'up_to must be a date such as 2026-11-22T08-48-00Z, not yesterday'],
  ])('%j', (given, sentence) => {
    expect(() => args(given)).toThrow(new ArgumentError([sentence]));
  });
});

test('in plan mode a remote that an earlier task sets up is supposed to be empty', () => {
  const given = args();
  const stdout = `${SURVEY}\nlacking rsync\nobjection there is no .girofle-remote`;
  const answers: readonly Answer[] = [{ via: 'script', value: { code: 0, stdout, stderr: '' } }];
  const planned = (suppose: boolean) =>
    says(gitlab_push.plan(given, gitlab_push.probe?.(given).read(answers, suppose), context));
  expect(planned(true)).toEqual(followed(`push ${D22} of instance 2 to disk (the first there)`));
  expect(planned(false)).toBe('rsync must be on this host to push to remote disk');
});
