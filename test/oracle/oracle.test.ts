/** Playbooks that ansible-playbook runs, and we: the same reports, the same recap, the same files. */
import { beforeAll, describe, expect, test } from 'vitest';
import { hasAnsible } from './ask-ansible.ts';
import { bothOf, type Compared, compare, filesElsewhere } from './compare.ts';
import { type Topic, topics } from './topics.ts';

/** As many at a time as there are free turns; the others wait. */
function takingTurns(turns: number): <T>(act: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = turns;
  return async act => {
    if (free > 0) free--;
    else await new Promise<void>(go => waiting.push(go));
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

describe.skipIf(!hasAnsible)('as ansible-playbook does (needs ansible-core)', () => {
  const running = new Map<Topic, Promise<Compared>>();

  // ansible-playbook is slow: all topics start at once, and two of them run while the tests of others wait for theirs.
  beforeAll(() => {
    const inTurn = takingTurns(2);
    for (const topic of topics) {
      const compared = inTurn(() => compare(topic));
      compared.catch(() => undefined);
      running.set(topic, compared);
    }
  });

  describe.each(topics)('$name', topic => {
    let compared: Compared;

    beforeAll(async () => {
      compared = (await running.get(topic)) ?? { theirs: [], ours: [] };
    });

    for (const host of topic.hosts) {
      const why = topic.differs.get(host);
      test(`${host.replaceAll('_', ' ')}${why === undefined ? '' : ` (${why})`}`, () => {
        const { theirs, ours } = bothOf(host, compared);
        expect(theirs.flatMap(({ tasks }) => tasks).length, 'the case was not reached').not.toBe(0);
        if (why === undefined) expect(ours).toEqual(theirs);
        else expect(ours, 'they agree: take it out of topic.yml').not.toEqual(theirs);
      });
    }

    test('nothing else is left behind', () => {
      expect(filesElsewhere(topic, compared.ours)).toEqual(filesElsewhere(topic, compared.theirs));
    });
  });
});
