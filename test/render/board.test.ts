import { describe, expect, it } from 'vitest';
import { createBoard } from '../../src/render/board.ts';
import { catalogue } from '../../src/render/messages.ts';
import { playStart, taskEnd, taskOutput, taskRetry, taskStart } from './story.ts';

function board(hosts: readonly string[]) {
  const clock = { time: 0 };
  const made = createBoard(catalogue.en, () => new Date(clock.time));
  made.note(playStart(hosts));
  return {
    at: (time: number) => {
      clock.time = time;
    },
    note: made.note,
    lines: made.lines,
  };
}

describe('the board', () => {
  it('shows host, task, last words and seconds', () => {
    const { at, note, lines } = board(['vm1']);
    note(taskStart());
    note(taskOutput('first'));
    note(taskOutput('fetching 容器\u001b[2K'));
    expect(lines(1, 60)).toEqual(['Provision: 0 of 1 host done, 0.0s', 'vm1  Install Docker  fetching 容器']);
    at(12_400);
    expect(lines(1, 60)).toEqual([
      'Provision: 0 of 1 host done, 12s',
      'vm1  Install Docker  fetching 容器  12s',
    ]);
    expect(lines(1, 24)).toEqual(['Provision: 0 of 1 host …', 'vm1  Install Docke…  12s']);
    note(taskRetry());
    expect(lines(1, 90)[1]).toBe('vm1  Install Docker  attempt 1 of 5 failed, again in 3.0s  12s');
  });

  it('keeps a host in its slot and gives a free one to who waits longest', () => {
    const { note, lines } = board(['a', 'b', 'c', 'd']);
    for (const host of ['a', 'b', 'c', 'd']) note(taskStart({ host, task: 'T' }));
    expect(lines(2, 60)).toEqual(['Provision: 0 of 4 hosts done, 2 more running, 0.0s', 'a  T', 'b  T']);
    note(taskEnd({ host: 'a' }));
    note({ type: 'host_end', host: 'a', play: 'Provision', exchanges: 1 });
    expect(lines(2, 60)).toEqual(['Provision: 1 of 4 hosts done, 1 more running, 0.0s', 'c  T', 'b  T']);
    note({ type: 'host_unreachable', host: 'b', play: 'Provision', message: 'gone' });
    note({ type: 'host_end', host: 'b', play: 'Provision', exchanges: 1 });
    note(taskEnd({ host: 'c' }));
    expect(lines(2, 60)).toEqual(['Provision: 2 of 4 hosts done, 0.0s', 'd  T', '']);
  });
});
