/**
 * What a module wants to look at, as data. A probe never writes. The engine gathers the requests of many tasks, joins
 * those of one shell kind into one process, sends them in one exchange and gives each probe its answers.
 */
import type { DockerAnswer, DockerCall } from './docker.ts';
import type { HttpAnswer, HttpCall } from './http.ts';
import type { Sh } from './sh.ts';
import type { DialTarget, Outcome } from './transport.ts';
import type { Value } from './value.ts';

/**
 * A kind of thing that many tasks look at and one process on the host can answer for all.
 * The script prints, for each query in order, its answer followed by the byte 0x1e (RS): as many as there are queries.
 * It must work in dash and busybox sh, never write, and exit 0.
 */
export interface ShellKind {
  readonly name: string;
  readonly script: (queries: readonly (readonly string[])[]) => Sh;
}

/** A file of the controller, found by the play's search path (`files/`, `templates/`, beside the playbook). */
export interface ControllerFile {
  readonly path: string;
  readonly content: Uint8Array | { readonly file: string; readonly size: number };
  readonly size: number;
  /** Lower-case hex. */
  readonly sha1: string;
  /** Octal digits, for `mode: preserve`. */
  readonly mode: string;
}

/** One entry below a folder of the controller. `path` is relative, with `/`. */
export type TreeEntry =
  | { readonly type: 'directory'; readonly path: string; readonly mode: string }
  | ({ readonly type: 'file' } & ControllerFile & { readonly relative: string })
  | { readonly type: 'link'; readonly path: string; readonly target: string };

export interface RenderOptions {
  readonly trimBlocks?: boolean;
  readonly lstripBlocks?: boolean;
  readonly newlineSequence?: '\n' | '\r' | '\r\n';
  readonly variableStart?: string;
  readonly variableEnd?: string;
  readonly blockStart?: string;
  readonly blockEnd?: string;
  readonly commentStart?: string;
  readonly commentEnd?: string;
}

export type Request =
  | { readonly via: 'shell'; readonly kind: ShellKind; readonly query: readonly string[] }
  | { readonly via: 'script'; readonly text: Sh; readonly limit?: number }
  | { readonly via: 'docker'; readonly call: DockerCall }
  | { readonly via: 'http'; readonly call: HttpCall }
  /** Can the host open this connection? True or false. */
  | { readonly via: 'reach'; readonly target: DialTarget; readonly timeout: number }
  /** On the controller: a file, everything below a folder, or a template rendered with the host's variables. */
  | { readonly via: 'file'; readonly path: string; readonly subfolder: 'files' | 'templates' | 'tasks' | '' }
  | {
      readonly via: 'tree';
      readonly path: string;
      readonly subfolder: 'files' | '';
      /** Links are told as what they point to, but for one that leads back to a folder it lies in, and a dangling one. */
      readonly follow?: boolean;
    }
  | { readonly via: 'render'; readonly path: string; readonly options: RenderOptions };

/** Answers by the request's `via`; `null` for a file or folder that is not there. */
export type Answer =
  | { readonly via: 'shell'; readonly value: string }
  | { readonly via: 'script'; readonly value: Outcome }
  | { readonly via: 'docker'; readonly value: DockerAnswer }
  | { readonly via: 'http'; readonly value: HttpAnswer }
  | { readonly via: 'reach'; readonly value: boolean }
  | { readonly via: 'file'; readonly value: ControllerFile | null }
  | { readonly via: 'tree'; readonly value: readonly TreeEntry[] | null }
  | { readonly via: 'render'; readonly value: string };

/** A request that the controller answers by itself. */
export type ControllerRequest = Extract<Request, { via: 'file' | 'tree' | 'render' }>;

/** Requests and the pure function that makes sense of their answers, which come in the same order. */
export interface Probe<T> {
  /**
   * What to look at on the host depends on files of the controller: these are asked first, which costs the host nothing,
   * and the probe made of their answers takes this one's place. Heeded on the outermost probe only, not inside `all`.
   */
  readonly refine?: {
    readonly requests: readonly ControllerRequest[];
    readonly with: (answers: readonly Answer[]) => Probe<T>;
  };
  readonly requests: readonly Request[];
  /**
   * May throw a ProbeError: then the task fails with its message. An answer that is an Error could not be had.
   * @param suppose plan mode, and an earlier change on this host is only planned: what `supposing` says counts
   */
  readonly read: (answers: readonly (Answer | Error)[], suppose?: boolean) => T;
}

/** What was looked at cannot be understood or may not be read; the sentence is for the user. */
export class ProbeError extends Error {}

type ValueOf<V extends Answer['via']> = Extract<Answer, { via: V }>['value'];

function only<V extends Answer['via']>(via: V, answers: readonly (Answer | Error)[]): ValueOf<V> {
  const [answer] = answers;
  if (answer instanceof Error) throw answer;
  if (answer?.via !== via) throw new Error(`a ${via} request was answered by ${answer?.via ?? 'nothing'}`);
  return answer.value as ValueOf<V>;
}

/** Looks with a shared kind; `parse` gets the text that the kind printed for this query. */
export function look<T>(kind: ShellKind, query: readonly string[], parse: (text: string) => T): Probe<T> {
  return { requests: [{ via: 'shell', kind, query }], read: answers => parse(only('shell', answers)) };
}

/** A read-only script of a module's own. A non-zero exit is a ProbeError unless `parse` takes the outcome. */
export function probe<T>(text: Sh, parse: (stdout: string) => T): Probe<T> {
  return probeOutcome(text, outcome => {
    if (outcome.code !== 0) throw new ProbeError(outcome.stderr.trim() || `exit code ${outcome.code}`);
    return parse(outcome.stdout);
  });
}

export function probeOutcome<T>(text: Sh, parse: (outcome: Outcome) => T, limit?: number): Probe<T> {
  const request: Request = { via: 'script', text, ...(limit === undefined ? {} : { limit }) };
  return { requests: [request], read: answers => parse(only('script', answers)) };
}

export function probeDocker<T>(call: DockerCall, parse: (answer: DockerAnswer) => T): Probe<T> {
  return { requests: [{ via: 'docker', call }], read: answers => parse(only('docker', answers)) };
}

export function probeHttp(call: HttpCall): Probe<HttpAnswer> {
  return { requests: [{ via: 'http', call }], read: answers => only('http', answers) };
}

/** A file of the controller; a ProbeError when it is not there. */
export function controllerFile(
  path: string,
  subfolder: 'files' | 'templates' | 'tasks' | '' = 'files',
): Probe<ControllerFile> {
  return {
    requests: [{ via: 'file', path, subfolder }],
    read: answers => {
      const file = only('file', answers);
      if (file === null)
        throw new ProbeError(
          `no file ${path} on the controller, neither in ${subfolder || '.'}/ nor beside the playbook`,
        );
      return file;
    },
  };
}

/** Everything below a folder of the controller, or null when the path is no folder. */
export function controllerTree(path: string, follow = false): Probe<readonly TreeEntry[] | null> {
  return {
    requests: [{ via: 'tree', path, subfolder: 'files', follow }],
    read: answers => only('tree', answers),
  };
}

export function renderedTemplate(path: string, options: RenderOptions = {}): Probe<string> {
  return { requests: [{ via: 'render', path, options }], read: answers => only('render', answers) };
}

/** Nothing to look at. */
export function known<T>(value: T): Probe<T> {
  return { requests: [], read: () => value };
}

type Parts = Readonly<Record<string, Probe<unknown>>>;
type Seen<P extends Parts> = { [K in keyof P]: P[K] extends Probe<infer T> ? T : never };

/** Several probes as one: `all({ target: pathState(dest), source: controllerFile(src) })`. */
export function all<P extends Parts>(parts: P): Probe<Seen<P>> {
  const names = Object.keys(parts);
  const probes = Object.values(parts);
  const starts = probes.map((_, i) =>
    probes.slice(0, i).reduce((sum, part) => sum + part.requests.length, 0),
  );
  return {
    requests: probes.flatMap(part => part.requests),
    read: (answers, suppose) => {
      const values = probes.map((part, i) => {
        const from = starts[i] ?? 0;
        return part.read(answers.slice(from, from + part.requests.length), suppose);
      });
      return Object.fromEntries(names.map((name, i) => [name, values[i]])) as Seen<P>;
    },
  };
}

export function mapProbe<T, U>(part: Probe<T>, convert: (seen: T) => U): Probe<U> {
  return { requests: part.requests, read: (answers, suppose) => convert(part.read(answers, suppose)) };
}

/** A probe that is made once `first`, which asks only the controller, is known. See `Probe.refine`. */
export function refined<A, T>(first: Probe<A>, next: (seen: A) => Probe<T>): Probe<T> {
  const requests = first.requests.filter(isControllerRequest);
  if (requests.length < first.requests.length)
    throw new Error('a refined probe begins with the controller alone');
  return {
    requests: [],
    read: () => {
      throw new Error('a refined probe was read before it was refined');
    },
    refine: { requests, with: answers => next(first.read(answers)) },
  };
}

export function isControllerRequest(request: Request): request is ControllerRequest {
  return request.via === 'file' || request.via === 'tree' || request.via === 'render';
}

/** The same probe, with what to suppose in plan mode while the thing that answers is not there yet. */
export function supposing<T>(part: Probe<T>, orElse: T): Probe<T> {
  return {
    requests: part.requests,
    read: (answers, suppose) => {
      try {
        return part.read(answers, suppose);
      } catch (error) {
        if (suppose && error instanceof ProbeError) return orElse;
        throw error;
      }
    },
  };
}

/** Two requests with one key have one answer. */
export function requestKey(request: Request): string {
  const plain: Value | Record<string, unknown> =
    request.via === 'shell' ? [request.kind.name, ...request.query] : { ...request };
  return `${request.via} ${JSON.stringify(plain)}`;
}
