import { describe, expect, it } from 'vitest';
import {
  clean,
  cleanLine,
  cleanLines,
  displayWidth,
  formatSeconds,
  truncate,
} from '../../src/render/text.ts';

describe('text', () => {
  it.each([
    ['plain stays', 'plain stays'],
    ['tabs\tand\nnewlines stay', 'tabs\tand\nnewlines stay'],
    ['\u001b[1;31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007text', 'text'],
    ['\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['a\r\nb', 'a\nb'],
    ['10%\r20%\r', '20%'],
    ['bell\u0007 nul\u0000 csi\u009b del\u007f', 'bell nul csi del'],
    ['reversed \u202etxt.exe', 'reversed txt.exe'],
    ['é 容器 👩‍🚀', 'é 容器 👩‍🚀'],
  ])('cleans %j', (dirty, expected) => {
    expect(clean(dirty)).toBe(expected);
  });

  it('joins lines to one, and splits them without empty ends', () => {
    expect(cleanLine(' a\n  b\tc\n')).toBe('a b c');
    expect(cleanLines('\n\n  a  \n\nb\n\n')).toEqual(['  a', '', 'b']);
    expect(cleanLines(' \n')).toEqual([]);
  });

  it.each([
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['容器', 4],
    ['🚀', 2],
    ['👩‍🚀', 2],
    ['❤️', 2],
    ['한글', 4],
    ['✔ ⠋ …', 5],
    ['', 0],
  ])('counts the columns of %j', (string, width) => {
    expect(displayWidth(string)).toBe(width);
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['容器容器', 8, '容器容器'],
    ['容器容器', 7, '容器容…'],
    ['容器容器', 6, '容器…'],
    ['abc', 0, ''],
    ['abc', 1, '…'],
    ['é'.repeat(100_000), 3, 'éé…'],
  ])('cuts %.10j to %i columns', (string, width, expected) => {
    expect(truncate(string, width)).toBe(expected);
  });

  it.each([
    [0, '0.0s'],
    [1.24, '1.2s'],
    [9.94, '9.9s'],
    [9.96, '10s'],
    [59.6, '1m 00s'],
    [63, '1m 03s'],
    [3600, '1h 00m'],
    [7500, '2h 05m'],
  ])('tells %f seconds', (seconds, expected) => {
    expect(formatSeconds(seconds)).toBe(expected);
  });
});
