/** Runs a topic by our own engine, and tells of it in the words of the oracle. */
import type { RunEvent } from '../../src/core/event.ts';
import { runFile } from '../engine/rig.ts';
import { extraVars } from './ask-ansible.ts';
import { RECAP, steadyResult, type TaskTold, type Told, withoutRole } from './told.ts';
import type { Call, Topic } from './topics.ts';

export async function askGirofle(topic: Topic, call: Call, root: string): Promise<Told> {
  const { events, recap } = await runFile(topic.playbook, topic.inventory, {
    extra: JSON.parse(JSON.stringify(extraVars(call, root))),
    planning: call.check ?? false,
    ...(call.tags ? { tags: call.tags } : {}),
    ...(call.skip_tags ? { skipTags: call.skip_tags } : {}),
    ...(call.start_at_task ? { startAt: call.start_at_task } : {}),
  });
  return Object.fromEntries(
    topic.hosts.map(host => {
      const counts = recap.hosts[host];
      return [
        host,
        {
          tasks: tasksOf(host, events),
          recap: Object.fromEntries(RECAP.map(name => [name, counts?.[name] ?? 0])),
        },
      ];
    }),
  );
}

function tasksOf(host: string, events: readonly RunEvent[]): readonly TaskTold[] {
  const told: TaskTold[] = [];
  let items: string[] = [];
  for (const event of events) {
    if (event.type === 'item_end' && event.host === host) items.push(`${event.label}: ${event.status}`);
    if (event.type !== 'task_end' || event.host !== host) continue;
    // Ansible tells by another callback that a file was included.
    if (event.module.startsWith('include_') && event.status === 'ok') continue;
    const status = event.status === 'rescued' ? 'failed' : event.status;
    told.push({
      task: withoutRole(event.task),
      status,
      items,
      result: event.result && steadyResult(event.module, status, event.result),
    });
    items = [];
  }
  return told;
}
