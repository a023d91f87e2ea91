/** When a play is over before its tasks are: any_errors_fatal, max_fail_percentage, meta: end_play. */
import type { Play } from '../core/play.ts';
import type { Outlook } from './context.ts';
import type { HostState } from './host.ts';

/** What becomes of a play, over all its batches. */
export interface PlayFate {
  over: 'ended' | 'fatal' | undefined;
}

/** For one batch of so many hosts. */
export function makeOutlook(play: Play, size: number, fate: PlayFate): Outlook {
  const failed = new Set<HostState>();
  let batchEnded = false;
  return {
    over: () => fate.over ?? (batchEnded ? 'ended' : undefined),
    onFailure: (state, node) => {
      failed.add(state);
      const percentage = (failed.size / size) * 100;
      const tooMany = play.maxFailPercentage !== undefined && percentage > play.maxFailPercentage;
      if (tooMany || (node.anyErrorsFatal ?? play.anyErrorsFatal)) fate.over = 'fatal';
    },
    end: what => {
      if (what === 'batch') batchEnded = true;
      else fate.over ??= 'ended';
    },
    giveUp: () => {
      fate.over = 'fatal';
    },
  };
}
