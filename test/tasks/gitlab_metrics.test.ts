import { expect, test } from 'vitest';
import { gitlab_metrics } from '../../tasks/gitlab_metrics.ts';
import { conforms } from '../support/conformance.ts';
import { withDefaults } from '../support/module-args.ts';

/** The values without comments, and times as T. */
const SHOW = "sed -n 's/^girofle_//p' girofle_2.prom | sed 's/ [0-9]\\{10\\}$/ T/'";

conforms(gitlab_metrics, {
  cases: [
    {
      does: 'tells of a backup that succeeded',
      args: {
        directory: 'HERE',
        number: 2,
        event: 'success',
        duration: 61.4,
        pause: 1.25,
        bytes: 1_500_000_000_000,
        pruned: 3,
        warnings: 0,
      },
      repeats: true,
      says: ['write HERE/girofle_2.prom'],
      returns: { file: 'HERE/girofle_2.prom' },
      leaves: {
        run: SHOW,
        prints: `backup_last_success_timestamp_seconds{gitlab_instance="2"} T
backup_duration_seconds{gitlab_instance="2"} 61.4
backup_pause_seconds{gitlab_instance="2"} 1.25
backup_bytes{gitlab_instance="2"} 1500000000000
backup_pruned{gitlab_instance="2"} 3
backup_warnings{gitlab_instance="2"} 0
`,
      },
    },
    {
      does: 'keeps what it is not told, and drops what it does not know',
      given: `cat >girofle_2.prom <<'END'
# HELP girofle_backup_bytes x
girofle_backup_bytes{gitlab_instance="2"} 1.5e+21
girofle_backup_last_success_timestamp_seconds{gitlab_instance="2"} 12
girofle_of_old{gitlab_instance="2"} 1
END`,
      args: { directory: 'HERE/', number: 2, event: 'failure', bytes: 3 },
      repeats: true,
      says: ['write HERE/girofle_2.prom'],
      leaves: {
        run: SHOW,
        prints: `backup_last_success_timestamp_seconds{gitlab_instance="2"} 12
backup_last_failure_timestamp_seconds{gitlab_instance="2"} T
backup_bytes{gitlab_instance="2"} 1.5e+21
`,
      },
    },
    {
      does: 'tells of a drill, which proves the backup',
      args: { directory: 'HERE', number: 2, what: 'drill', event: 'success', duration: 30 },
      repeats: true,
      says: ['write HERE/girofle_2.prom'],
      leaves: {
        run: SHOW,
        prints: `backup_verified_timestamp_seconds{gitlab_instance="2"} T
drill_last_success_timestamp_seconds{gitlab_instance="2"} T
drill_duration_seconds{gitlab_instance="2"} 30
`,
      },
    },
  ],
  denials: [
    {
      when: 'the collector has no such directory',
      args: { directory: 'HERE/none', number: 2, event: 'success' },
      says: 'HERE/none is not there',
    },
  ],
});

test('gitlab_metrics needs to know how it ended', () => {
  expect(() => withDefaults(gitlab_metrics, { directory: '/x', number: 1 })).toThrow(/event/);
});
