/** A program that tells a made-up run to a renderer on its own stdout and stderr; its last argument chooses the run. */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { createRenderer, terminalDefaults } from '../../src/render/choose.ts';
import { changed, counts, playStart, recap, runStart, taskEnd, taskOutput, taskStart } from './story.ts';

const [run, output] = process.argv.slice(2);
let broken: string | undefined;
const renderer = await createRenderer({
  ...terminalDefaults(process.env, process.stdout, process.stderr),
  ...(output === 'ndjson' || output === 'plain' ? { output } : {}),
  verbosity: 0,
  diff: false,
  stdout: process.stdout,
  stderr: process.stderr,
  onBroken: error => {
    broken = 'code' in error ? String(error.code) : error.message;
  },
});
const tell = renderer.on;

/** Every host runs every task; the slots are open long before the end. */
async function fleet(hosts: number, tasks: number): Promise<void> {
  const names = Array.from({ length: hosts }, (_, i) => `vm${String(i + 1).padStart(2, '0')}`);
  tell(runStart());
  tell(playStart(names, tasks));
  for (const host of names) tell(taskStart({ host }));
  await setTimeout(700);
  for (let id = 0; id < tasks; id++) {
    for (const host of names) {
      tell(taskStart({ host, id, task: `Task ${id}` }));
      tell(taskOutput(`line ${id} of \u001b[1A${host}`, { host, id }));
      await setImmediate();
      tell(taskEnd({ host, id, task: `Task ${id}`, ...(id === 3 ? changed('set it') : {}) }));
    }
  }
  for (const host of names) tell({ type: 'host_end', host, play: 'Provision', exchanges: 2 });
  tell({ type: 'play_end', play: 'Provision' });
  tell(recap({ hosts: Object.fromEntries(names.map(name => [name, counts({ ok: tasks, changed: 1 })])) }));
}

async function alone(): Promise<void> {
  tell(runStart());
  tell(playStart(['vm1'], 2));
  tell(taskStart({ task: 'Pull the image' }));
  tell(taskOutput('layer 容器 3 of 9'));
  await setTimeout(900);
  tell(taskEnd({ task: 'Pull the image', ...changed('pull gitlab/gitlab-ce:17') }));
  await setTimeout(200);
  tell(taskEnd({ task: 'Look' }));
  tell(recap());
}

async function question(): Promise<void> {
  tell(playStart(['vm1', 'vm2'], 1));
  tell(taskStart());
  await setTimeout(600);
  await renderer.aside(async () => {
    process.stderr.write('Trust this key? ');
    tell(taskEnd({ host: 'vm2', ...changed('said meanwhile') }));
    await setTimeout(300);
    process.stderr.write('yes\n');
  });
  await setTimeout(300);
  tell(taskEnd(changed('said after')));
}

async function flood(): Promise<void> {
  for (let id = 0; id < 20_000 && broken === undefined; id++) {
    tell(taskEnd({ id, ...changed('x'.repeat(100)) }));
    if (id % 100 === 0) await setImmediate();
  }
}

if (run === 'fleet') await fleet(50, 30);
else if (run === 'alone') await alone();
else if (run === 'question') await question();
else if (run === 'flood') await flood();
else if (run === 'killed') {
  void fleet(50, 30);
  await setTimeout(900);
  process.kill(process.pid, 'SIGKILL');
}
await renderer.close();
const { user, system } = process.cpuUsage();
if (broken) process.stderr.write(`broken: ${broken}\n`);
process.stdout.write(run === 'fleet' ? `\ncpu=${Math.round((user + system) / 1000)}\n` : '');
process.exitCode = broken ? 7 : 0;
