/** A real terminal (tmux, by a socket of its own) with a program in it: keys go in, the screen is read. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quote } from '../../src/core/sh.ts';
import { until } from './processes.ts';

export class Terminal {
  readonly #folder = mkdtempSync(join(tmpdir(), 'girofle-terminal-'));
  readonly #code = join(this.#folder, 'code');

  /** Starts the program in a terminal of 150 columns and 60 rows. */
  constructor(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const settings = Object.entries(env).map(([name, value]) => `${name}=${quote(value)}`);
    const program = ['env', ...settings, ...words.map(quote)].join(' ');
    // It stays open afterwards, so that the last screen can be read.
    const script = `${program}; echo $? >${quote(`${this.#code}.new`)}; mv ${quote(`${this.#code}.new`)} ${quote(this.#code)}; sleep 600`;
    this.#tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      '150',
      '-y',
      '60',
      '-s',
      'test',
      'sh',
      '-c',
      script,
    );
  }

  #tmux(...words: readonly string[]): string {
    const env = { ...process.env, LANG: 'C.UTF-8', TERM: 'xterm-256color', TMUX: '' };
    return execFileSync('tmux', ['-S', join(this.#folder, 'socket'), ...words], { encoding: 'utf8', env });
  }

  /** What is on it, and what has scrolled away; wrapped lines joined. */
  screen(): string {
    return this.#tmux('capture-pane', '-p', '-J', '-S', '-', '-t', 'test')
      .split('\n')
      .map(line => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  async shows(text: string | RegExp, seconds = 30): Promise<void> {
    const seen = () => (typeof text === 'string' ? this.screen().includes(text) : text.test(this.screen()));
    await until(`${text} on the screen`, seen, seconds).catch(error => {
      throw new Error(`${error}\n${this.screen()}`);
    });
  }

  /** Keys by tmux's names: `Enter`, `Down`, `C-c`, `C-u`; other words are typed. */
  press(...keys: readonly string[]): void {
    this.#tmux('send-keys', '-t', 'test', ...keys);
  }

  /** The exit code of the program. */
  async ended(seconds = 60): Promise<number> {
    await until('the program to end', () => existsSync(this.#code), seconds).catch(error => {
      throw new Error(`${error}\n${this.screen()}`);
    });
    return Number(readFileSync(this.#code, 'utf8'));
  }

  close(): void {
    spawnSync('tmux', ['-S', join(this.#folder, 'socket'), 'kill-server']);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
