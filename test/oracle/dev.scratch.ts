import { createTwoFilesPatch } from 'diff';
import { test } from 'vitest';
import { appendFileSync } from 'node:fs';
import { DiagnosticError } from '../../src/core/diagnostic.ts';
import { compare, filesElsewhere, seenOf } from './compare.ts';
import { topics } from './topics.ts';
const want = (process.env['TOPIC'] ?? '').split(',');
const say = (t: string) => appendFileSync('/tmp/oracle-dev/out', t);
for (const topic of topics.filter(t => want.includes(t.name) || want[0] === '')) {
  test(topic.name, async () => {
    const t0 = Date.now();
    try {
    const c = await compare(topic);
    say(`#### ${topic.name} ${(Date.now() - t0) / 1000}s\n`);
    let same = 0;
    for (const host of [...topic.hosts, '']) {
      const f = (o: typeof c.ours) => JSON.stringify(host === '' ? filesElsewhere(topic, o) : seenOf(host, o), null, 1).replace(/\[\n\s*([^\[\]{}\n]{0,40})\n\s*\]/g, '[$1]').split('\n').map(l => l.slice(0, 300)).join('\n') + '\n';
      const [a, b] = [f(c.theirs), f(c.ours)];
      if (a === b) { same++; continue; }
      say(`==== ${host} ${topic.differs[host] ? '(known)' : ''}\n` + createTwoFilesPatch('ansible', 'girofle', a, b, '', '', { context: 7 }).split('\n').slice(3).join('\n') + '\n');
    }
    say(`${same} agree of ${topic.hosts.length + 1}\n`);
    } catch (e) { say(`#### ${topic.name}: ${e instanceof DiagnosticError ? JSON.stringify(e.diagnostics, null, 1) : e instanceof Error ? e.stack : e}\n`); }
  }, 200000);
}
