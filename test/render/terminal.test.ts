import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { screenAfter } from './screen.ts';

let folder = '';
let program = '';

beforeAll(async () => {
  // Inside the project, so that the bundle finds listr2 and ora.
  folder = await mkdtemp(fileURLToPath(new URL('../../node_modules/.cache-render-', import.meta.url)));
  program = join(folder, 'stage-play.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./stage-play.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ran {
  readonly out: string;
  readonly code: number | null;
}

function runShell(command: string): Promise<Ran> {
  const env = { PATH: process.env.PATH ?? '', TERM: 'xterm', LANG: 'C.UTF-8' };
  const child = spawn('sh', ['-c', command], { env, stdio: ['ignore', 'pipe', 'pipe'], cwd: tmpdir() });
  const chunks: Buffer[] = [];
  child.stdout.on('data', chunk => chunks.push(chunk));
  child.stderr.on('data', chunk => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => resolve({ out: Buffer.concat(chunks).toString(), code }));
  });
}

/** Runs it in a pseudo terminal of 80 columns and 24 rows. */
function onTerminal(run: string): Promise<Ran> {
  return runShell(`script -qec "stty rows 24 cols 80; '${process.execPath}' '${program}' ${run}" /dev/null`);
}

/** What stood on the screen each time a display was drawn again. */
function frames(bytes: string): readonly (readonly string[])[] {
  const ends = [...bytes.matchAll(/\u001b\[J/g)].map(match => (match.index ?? 0) + match[0].length);
  return ends.map(end => screenAfter(bytes.slice(0, end)).lines);
}

describe('on a terminal', () => {
  it('shows 50 hosts in a header and at most 16 slots, and leaves only what is permanent', async () => {
    const { out, code } = await onTerminal('fleet');
    const screen = screenAfter(out);
    expect(code).toBe(0);
    expect(screen.unknown).toEqual([]);
    expect(screen.cursorHidden).toBe(false);
    expect(screen.lines.filter(line => line.startsWith('● changed'))).toHaveLength(50);
    expect(screen.lines.filter(line => /^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/.test(line))).toEqual([]);
    expect(screen.lines.filter(line => line.startsWith('vm'))).toHaveLength(50);
    expect(screen.lines).toContain('50 hosts, changed=50, 50 exchanges, 1.2s');

    const drawn = frames(out).map(lines => lines.filter(line => /^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/.test(line)));
    const first = drawn.find(lines => lines.length > 0);
    expect(first).toHaveLength(16);
    expect(first?.[0]).toMatch(/^. vm01 {2}Install Docker$/);
    expect(Math.max(...drawn.map(lines => lines.length))).toBe(16);
    expect(Math.max(...drawn.flat().map(line => line.length))).toBeLessThan(80);
    expect(out).toContain('Provision: 0 of 50 hosts done, 34 more running, ');
    // It lasts about a second: some ten drawings, however many events there are.
    expect(drawn.length).toBeLessThan(60);
    expect(Number(/cpu=(\d+)/.exec(out)?.[1])).toBeLessThan(2000);
  });

  it('shows one host on one line with what it last said and for how long', async () => {
    const { out, code } = await onTerminal('alone');
    const screen = screenAfter(out);
    expect(code).toBe(0);
    expect(screen.unknown).toEqual([]);
    expect(screen.cursorHidden).toBe(false);
    expect(out).not.toContain('\u001b[?25l');
    expect(out).toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]\S* +vm1 {2}Pull the image {2}layer 容器 3 of 9/);
    expect(screen.lines).toEqual([
      '',
      'PLAY [Provision] 1 host, 2 tasks',
      '● changed  vm1  Pull the image — pull gitlab/gitlab-ce:17',
      '✔ ok       vm1  Look',
      '',
      'PLAY RECAP',
      'vm1 : ok=2 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0',
      '',
      '1 host, changed=0, 1 exchange, 1.2s',
      '',
    ]);
  });

  it('makes way for a question, and says afterwards what was said meanwhile', async () => {
    const { out } = await onTerminal('question');
    expect(screenAfter(out).lines).toEqual([
      '',
      'PLAY [Provision] 2 hosts, 1 task',
      'Trust this key? yes',
      '● changed  vm2  Install Docker — said meanwhile',
      '● changed  vm1  Install Docker — said after',
      '',
    ]);
  });

  it('leaves the cursor visible even when it is killed', async () => {
    const { out } = await onTerminal('killed');
    expect(out).toContain('vm01');
    expect(screenAfter(out).cursorHidden).toBe(false);
  });
});

describe('when the reader of stdout goes away', () => {
  it.each(['plain', 'ndjson'])('%s falls silent, says so once and prints no stack trace', async output => {
    const { out, code } = await runShell(
      `{ '${process.execPath}' '${program}' flood ${output}; echo "exit $?" >&2; } | head -n 1 >/dev/null`,
    );
    expect(code).toBe(0);
    expect(out).toBe('broken: EPIPE\nexit 7\n');
  });
});

describe('without a terminal', () => {
  it('writes plain lines, whole', async () => {
    const { out } = await runShell(`'${process.execPath}' '${program}' flood | wc -l`);
    expect(out.trim()).toBe('20000');
  });
});
