import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode, FrameReader } from '../../src/connection/frame.ts';
import { sh } from '../../src/core/sh.ts';
import type { Script } from '../../src/core/transport.ts';

const NONCE = '0123456789abcdef01234567';
const three: readonly Script[] = [{ text: sh`true` }, { text: sh`true` }, { text: sh`true` }];

function frames(stdout: readonly string[], statuses: readonly string[]): Buffer {
  return Buffer.from(stdout.map((text, i) => `${text}\x1e${NONCE} ${statuses[i]}\n`).join(''));
}

function readInPieces(bytes: Buffer, cuts: readonly number[]) {
  const lines: string[] = [];
  const reader = new FrameReader(three, NONCE, (script, line) => lines.push(`${script}:${line}`));
  const places = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  for (const [i, from] of [0, ...places].entries())
    reader.feed('stdout', bytes.subarray(from, places[i] ?? bytes.length));
  reader.feed('stderr', Buffer.from(`\x1e${NONCE}\n`.repeat(3)));
  return { outcomes: reader.outcomes(), lines };
}

describe('the answer to a message', () => {
  it('is the same wherever the network cuts it', () => {
    const stdout = ['no newline', 'a\n\nb\n', `\x1e${NONCE.slice(0, 12)} 0\n\x1e\x1e`];
    const bytes = frames(stdout, ['0', '7', 't']);
    const expected = {
      outcomes: [
        { code: 0, stdout: stdout[0], stderr: '' },
        { code: 7, stdout: stdout[1], stderr: '' },
        { code: 124, stdout: stdout[2], stderr: '', timedOut: true },
      ],
      lines: ['0:no newline', '1:a', '1:', '1:b', `2:\x1e${NONCE.slice(0, 12)} 0`, '2:\x1e\x1e'],
    };
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), cuts => {
        expect(readInPieces(bytes, cuts)).toEqual(expected);
      }),
    );
  });

  it('tells a line as soon as it is complete, before the script ends', () => {
    const lines: string[] = [];
    const reader = new FrameReader(three, NONCE, (_, line) => lines.push(line));
    reader.feed('stdout', Buffer.from('50 %\n60'));
    expect(lines).toEqual(['50 %']);
  });

  it('names the script that was running when the shell ended, and skips the later ones', () => {
    const reader = new FrameReader(three, NONCE);
    reader.feed('stdout', Buffer.concat([frames(['done'], ['0']), Buffer.from('half')]));
    reader.feed('stderr', Buffer.from(`\x1e${NONCE}\nKilled`));
    expect(reader.outcomes('the shell was killed')).toEqual([
      { code: 0, stdout: 'done', stderr: '' },
      { code: 255, stdout: 'half', stderr: 'Killed\nthe shell was killed' },
      { code: -1, stdout: '', stderr: '', skipped: true },
    ]);
  });

  it('keeps no more than the limit and says so', () => {
    const reader = new FrameReader([{ text: sh`true`, outputLimit: 4 }], NONCE);
    reader.feed('stdout', frames(['abcdefgh'], ['0']));
    reader.feed('stderr', Buffer.from(`abcd\x1e${NONCE}\n`));
    expect(reader.outcomes()).toEqual([{ code: 0, stdout: 'abcd', stderr: 'abcd', truncated: true }]);
  });
});

describe('a message', () => {
  it('refuses an environment variable that a shell cannot set', () => {
    expect(() => encode([{ text: sh`true`, env: { 'a.b': '1' } }], NONCE)).toThrow(
      '"a.b" cannot be an environment variable: a shell takes letters, digits and _ only',
    );
  });
});
