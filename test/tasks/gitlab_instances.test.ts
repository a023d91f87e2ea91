/** The list of instances, from what Docker and the host say. */
import { expect, test } from 'vitest';
import { gitlab_instances } from '../../tasks/gitlab_instances.ts';
import { withDefaults } from '../support/module-args.ts';

const container = (name: string, number: number, more: object) => ({
  Names: [`/${name}`],
  Image: 'gitlab/gitlab-ce:17.5.2-ce.0',
  Created: 1_000_000,
  Labels: {
    'io.girofle.instance': String(number),
    'io.girofle.root': `/girofle/noeud-gitlab-${number}`,
    'io.girofle.address': `192.0.2.${number}`,
    'io.girofle.url': `http://192.0.2.${number}`,
  },
  ...more,
});

const seen = {
  containers: [
    container('c10', 10, { State: 'exited', Status: 'Exited (137) 2 hours ago' }),
    container('c2', 2, { State: 'running', Status: 'Up 2 hours (healthy)' }),
    container('c3', 3, { State: 'running', Status: 'Up 2 seconds (health: starting)' }),
    container('c3.girofle-new', 3, { State: 'created', Status: 'Created' }),
  ],
  host: { now: 1_007_200, sizes: new Map([['/girofle/noeud-gitlab-2', 5 * 1024 ** 3]]) },
};

test('a row for each instance, by number; half-made containers are none', () => {
  const result = gitlab_instances.result?.(withDefaults(gitlab_instances, {}), seen, [], {
    host: 'h',
    planning: false,
    verbosity: 0,
  });
  expect(result?.table).toBe(
    [
      'number  name  url                health    image                         size   age',
      '2       c2    http://192.0.2.2   healthy   gitlab/gitlab-ce:17.5.2-ce.0  5 GiB  2 hours',
      '3       c3    http://192.0.2.3   starting  gitlab/gitlab-ce:17.5.2-ce.0  -      2 hours',
      '10      c10   http://192.0.2.10  exited    gitlab/gitlab-ce:17.5.2-ce.0  -      2 hours',
    ].join('\n'),
  );
});

test('none', () => {
  const result = gitlab_instances.result?.({}, { ...seen, containers: [] }, [], {
    host: 'h',
    planning: false,
    verbosity: 0,
  });
  expect(result).toEqual({ instances: [], table: 'no instance is commissioned' });
});
