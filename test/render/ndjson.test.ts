import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/event.ts';
import { anyEvents } from './any-event.ts';
import { changed, counts, playStart, recap, runStart, taskEnd, told } from './story.ts';

describe('ndjson', () => {
  it('writes one event a line on stdout, its chief fields first, and nothing on stderr', async () => {
    const events: readonly RunEvent[] = [
      runStart(),
      playStart(),
      taskEnd({ ...changed('install docker.io'), duration: 1.5, result: { rc: 0 } }),
      { type: 'warning', message: 'careful' },
      recap({ hosts: { vm1: counts({ ok: 1, changed: 1, exchanges: 2 }) } }),
    ];
    expect(await told(events, { output: 'ndjson', verbosity: 3, diff: true, color: true })).toEqual({
      err: '',
      out: [
        '{"type":"run_start","playbooks":["playbooks/x.yml"],"mode":"run","time":"2026-11-23T08:00:00.000Z","version":"0.1.0"}',
        '{"type":"play_start","play":"Provision","hosts":["vm1"],"tasks":2}',
        '{"type":"task_end","host":"vm1","play":"Provision","task":"Install Docker","module":"package","status":"changed","changed":true,"place":"playbooks/x.yml:12","id":1,"steps":[{"say":"install docker.io"}],"duration":1.5,"result":{"rc":0}}',
        '{"type":"warning","message":"careful"}',
        '{"type":"recap","exit":0,"hosts":{"vm1":{"ok":1,"changed":1,"skipped":0,"failed":0,"unreachable":0,"rescued":0,"ignored":0,"exchanges":2}},"mode":"run","seconds":1.2,"changes":[]}',
        '',
      ].join('\n'),
    });
  });

  it('writes no raw control character, and loses none', async () => {
    const message = 'a\u001b[2J\u009b2J\u007f\u2028\nb';
    const { out } = await told([{ type: 'warning', message }], { output: 'ndjson' });
    expect(out).toBe('{"type":"warning","message":"a\\u001b[2J\\u009b2J\\u007f\\u2028\\nb"}\n');
    expect(JSON.parse(out)).toEqual({ type: 'warning', message });
  });

  it('gives back whatever events it was told', async () => {
    await fc.assert(
      fc.asyncProperty(anyEvents, async events => {
        const { out } = await told(events, { output: 'ndjson' });
        const lines = out.split('\n').slice(0, -1);
        expect(lines.map(line => JSON.parse(line))).toEqual(events);
      }),
    );
  });
});

const RAW = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

describe('every renderer for people', () => {
  it.each(['plain', 'pretty'] as const)(
    '%s tells any events without throwing or raw control characters',
    async output => {
      await fc.assert(
        fc.asyncProperty(anyEvents, fc.nat(2), fc.boolean(), async (events, verbosity, diff) => {
          const errors: Error[] = [];
          const { out, err } = await told(events, {
            output,
            verbosity,
            diff,
            onBroken: error => errors.push(error),
          });
          expect(errors).toEqual([]);
          expect(RAW.test(out + err)).toBe(false);
        }),
      );
    },
  );
});
