/** What a task will do, as data: one sentence for people, a diff where there is one, and one action. */
import type { DockerAnswer, DockerCall } from './docker.ts';
import type { HttpCall } from './http.ts';
import type { Answer, Request } from './probe.ts';
import type { Sh } from './sh.ts';
import type { Value } from './value.ts';

/** Text before and after; null where there is no file. Renderers make the unified form. */
export interface Diff {
  readonly title: string;
  readonly before: string | null;
  readonly after: string | null;
}

export interface Step {
  /** Present tense, no full stop: `create /srv/app, mode 0755`. */
  readonly say: string;
  readonly diff?: Diff;
  /** False for what leaves the host as it is (waiting, asking): it does not make the task `changed`. Default true. */
  readonly changes?: boolean;
  /** Show the output while it comes. */
  readonly streams?: boolean;
  readonly action: Action;
}

export type Action =
  | {
      readonly kind: 'script';
      readonly text: Sh;
      readonly env?: Readonly<Record<string, string>>;
      readonly limit?: number;
      /** Exit codes that are success; default [0]. `any`: the module's `result` judges. */
      readonly success?: readonly number[] | 'any';
    }
  | { readonly kind: 'write'; readonly file: FileWrite }
  | {
      readonly kind: 'docker';
      readonly call: DockerCall;
      /** Statuses that are success beside 2xx and 304. */
      readonly success?: readonly number[];
    }
  | { readonly kind: 'http'; readonly call: HttpCall }
  | { readonly kind: 'wait'; readonly wait: Wait }
  | { readonly kind: 'sleep'; readonly seconds: number };

/** A file to put in place atomically: written beside it, owner and mode set, synced, renamed over it. */
export interface FileWrite {
  readonly path: string;
  readonly content: Uint8Array | { readonly file: string; readonly size: number };
  /** Octal digits or chmod's symbolic form; default: the mode of the file replaced, else 0666 less umask. */
  readonly mode?: string;
  readonly owner?: string;
  readonly group?: string;
  /** Command that must accept the new content before it is put in place; `%s` is the temporary file. */
  readonly validate?: string;
  /** Keep the old file as `PATH.<pid>.<date>~`. */
  readonly backup?: boolean;
  /** Write into the file itself where a rename over it is not possible (a file mounted into a container). */
  readonly unsafe?: boolean;
}

/** Poll one request until its answer is satisfying, failing, or time is over. */
export interface Wait {
  readonly request: Request;
  /** `done`; `again` with what to tell meanwhile; or `failed` for good. */
  readonly judge: (answer: unknown) => { done: true } | { again: string } | { failed: string };
  /** Seconds. */
  readonly timeout: number;
  readonly interval: number;
  /** Seconds before the first look. */
  readonly delay?: number;
  /** When it failed or time is over: asked once, its lines are shown with the failure (a container's last log lines). */
  readonly onFailure?: DockerCall;
  /** Shown while waiting: the last line of what it answers. */
  readonly progress?: DockerCall;
}

/** What one step gave. */
export interface StepOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Docker's or HTTP's answer; what the judge last saw of a wait. */
  readonly answer?: DockerAnswer | Answer['value'] | Value;
  /** Seconds. */
  readonly duration: number;
  readonly startedAt: Date;
}
