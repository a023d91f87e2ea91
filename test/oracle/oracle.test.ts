/** Playbooks that ansible-playbook runs, and we: the same reports, the same recap, the same files. */
import { beforeAll, describe, expect, test } from 'vitest';
import { hasAnsible } from './ask-ansible.ts';
import { type Compared, compare, filesElsewhere, seenOf } from './compare.ts';
import { type Topic, topics } from './topics.ts';

/** Two topics at a time: ansible-playbook is slow, and there is more than one processor. */
function startAll(list: readonly Topic[]): ReadonlyMap<Topic, Promise<Compared>> {
  const lanes = [Promise.resolve(), Promise.resolve()];
  return new Map(
    list.map((topic, i) => {
      const lane = i % lanes.length;
      const running = (lanes[lane] ?? Promise.resolve()).then(() => compare(topic));
      lanes[lane] = running.then(
        () => undefined,
        () => undefined,
      );
      return [topic, running];
    }),
  );
}

describe.runIf(hasAnsible)('as ansible-playbook does', () => {
  const running = new Map<Topic, Promise<Compared>>();

  beforeAll(() => {
    for (const [topic, compared] of startAll(topics)) {
      running.set(topic, compared);
      compared.catch(() => undefined);
    }
  });

  describe.each(topics)('$name', topic => {
    let compared: Compared;

    beforeAll(async () => {
      compared = (await running.get(topic)) ?? { theirs: [], ours: [] };
    });

    for (const host of topic.hosts) {
      const why = topic.differs[host];
      const agree = () => expect(seenOf(host, compared.ours)).toEqual(seenOf(host, compared.theirs));
      const title = host.replaceAll('_', ' ');
      if (why === undefined) test(title, agree);
      else test.fails(`${title} (differs: ${why})`, agree);
    }

    test('nothing else is left behind', () => {
      expect(filesElsewhere(topic, compared.ours)).toEqual(filesElsewhere(topic, compared.theirs));
    });
  });
});

test.skipIf(hasAnsible)('SKIPPED: there is no ansible-playbook (apt-get install ansible-core)', context => {
  context.skip();
});
