/** A playbook compiled: what the engine executes. Inheritance from plays and blocks is already worked out. */
import type { Place } from './diagnostic.ts';
import type { AnyTaskModule } from './task-module.ts';
import type { Layer, Value, ValueMap } from './value.ts';

type Path = readonly (string | number)[];

/** Tells where a value stands in its file. */
export interface Source {
  readonly file: string;
  /** @param offset characters into the scalar at `path` */
  place(path: Path, offset?: number): Place;
}

/** A value of the playbook that may hold templates (or is an expression), and where it stands. */
export interface Written<T extends Value = Value> {
  readonly value: T;
  readonly source: Source;
  readonly path: Path;
}

/** The role that a task belongs to: where its files are, and the variables that it has by it. */
export interface Role {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** Below all other variables; nearest last. */
  readonly defaults: readonly Layer[];
  /** Above those of the play. */
  readonly vars: readonly Layer[];
  /** Given where the role is used: above all but -e. */
  readonly params: readonly Layer[];
}

/** Keywords that blocks and plays hand down; a nearer one wins, `when`, `tags`, `vars` and `environment` add up. */
export interface Inherited {
  /** Outermost first; all must hold. */
  readonly when: readonly Written<string | boolean>[];
  readonly tags: readonly string[];
  /** Outermost first. */
  readonly vars: readonly Layer[];
  /** Outermost first; each is a map or a template of one. */
  readonly environment: readonly Written[];
  readonly become?: Written<boolean | string>;
  readonly becomeUser?: Written<string>;
  readonly becomeMethod?: Written<string>;
  readonly ignoreErrors?: Written<boolean | string>;
  readonly ignoreUnreachable?: Written<boolean | string>;
  readonly anyErrorsFatal?: boolean;
  readonly noLog?: Written<boolean | string>;
  readonly delegateTo?: Written<string>;
  readonly delegateFacts?: boolean;
  readonly runOnce?: Written<boolean | string>;
  /** False: run even in plan mode. True: only plan, always. */
  readonly checkMode?: Written<boolean | string>;
  readonly diff?: boolean;
  /** Seconds for a task, whole. */
  readonly timeout?: Written<number | string>;
  readonly role?: Role;
}

export interface LoopControl {
  /** Default `item`. */
  readonly loopVar: string;
  readonly indexVar?: string;
  readonly label?: Written;
  readonly pause?: Written<number | string>;
  readonly extended?: boolean;
}

export interface TaskNode extends Inherited {
  readonly kind: 'task';
  readonly name?: Written<string>;
  readonly place: Place;
  readonly module: AnyTaskModule;
  /** As written: free form and `args:` are joined in; strings may be templates. */
  readonly args: Written<ValueMap>;
  /** A list, or a template of one. `with_items` flattens one level, `with_dict` gives {key, value}. */
  readonly loop?: Written & {
    readonly style: 'loop' | 'items' | 'list' | 'dict' | 'sequence' | 'indexed_items' | 'nested' | 'together';
  };
  readonly loopControl: LoopControl;
  readonly register?: string;
  /** Handler names or topics; templates. */
  readonly notify: readonly Written<string>[];
  readonly changedWhen?: readonly Written<string | boolean>[];
  readonly failedWhen?: readonly Written<string | boolean>[];
  readonly until?: readonly Written<string | boolean>[];
  readonly retries?: Written<number | string>;
  readonly delay?: Written<number | string>;
  /** Handlers only: topics beside the name. */
  readonly listen: readonly string[];
}

export interface BlockNode {
  readonly kind: 'block';
  readonly name?: Written<string>;
  readonly place: Place;
  readonly block: readonly Node[];
  readonly rescue: readonly Node[];
  readonly always: readonly Node[];
}

/** include_tasks or include_role: its tasks are known at compile time when its names are no templates. */
export interface IncludeNode extends Inherited {
  readonly kind: 'include';
  readonly what: 'tasks' | 'role';
  readonly name?: Written<string>;
  readonly place: Place;
  /** The file of tasks, or the role. */
  readonly file: Written<string>;
  /** Of a role: names of files of it. */
  readonly from?: readonly Written<string>[];
  readonly loop?: TaskNode['loop'] | undefined;
  readonly loopControl: LoopControl;
  /** The tasks of the file, where its name is no template: for looking ahead. The run calls `load`. */
  readonly ahead?: readonly Node[];
  /**
   * Loads and compiles a file's tasks. As in Ansible, they inherit from what is around this node, and of the node itself
   * its `vars` and what `apply` says. Throws DiagnosticError.
   */
  readonly load: (file: string, from: readonly string[]) => Promise<readonly Node[]>;
}

/** meta: flush_handlers, end_host, end_play, noop, clear_facts, ... */
export interface MetaNode extends Inherited {
  readonly kind: 'meta';
  readonly name?: Written<string>;
  readonly place: Place;
  readonly action:
    | 'flush_handlers'
    | 'end_host'
    | 'end_play'
    | 'end_batch'
    | 'clear_facts'
    | 'clear_host_errors'
    | 'noop';
}

export type Node = TaskNode | BlockNode | IncludeNode | MetaNode;

/** A variable that is asked for before the run, unless -e gives it. */
export interface VarsPrompt {
  readonly name: string;
  /** The question; default: the name. */
  readonly prompt?: string;
  /** Taken where nobody can answer, and when the answer is empty. */
  readonly default?: string;
  /** Do not show what is typed. Default true. */
  readonly private: boolean;
  /** Ask twice. */
  readonly confirm: boolean;
}

export interface Play {
  readonly name: string;
  readonly place: Place;
  readonly source: Source;
  /** Host pattern; a template of -e variables and play vars. */
  readonly hosts: Written;
  /** Lowest first: play vars, then each vars_files in order. Files whose name is a template are in `varsFiles`. */
  readonly vars: readonly Layer[];
  /** vars_files whose names are templates, loaded for each host; a list inside means: the first that exists. */
  readonly varsFiles: readonly Written[];
  readonly varsPrompt: readonly VarsPrompt[];
  /** Of all its roles, which every task of the play sees: below the inventory's variables, and above the play's. */
  readonly roleDefaults: readonly Layer[];
  readonly roleVars: readonly Layer[];
  /** Names of its roles. */
  readonly roles: readonly string[];
  readonly gatherFacts: boolean;
  readonly gatherSubset?: Value;
  readonly remoteUser?: Written<string>;
  readonly port?: Written<number | string>;
  readonly connection?: Written<string>;
  /** Batch sizes: numbers, "30%", or a list of them; a template. */
  readonly serial?: Written;
  readonly strategy: 'free' | 'linear';
  readonly anyErrorsFatal: boolean;
  readonly maxFailPercentage?: number;
  readonly forceHandlers: boolean;
  /** When `schedule install` runs the playbook: cron's five fields, or an alias. */
  readonly schedule?: Written<string>;
  readonly preTasks: readonly Node[];
  readonly tasks: readonly Node[];
  readonly postTasks: readonly Node[];
  readonly handlers: readonly Node[];
  /** What the play hands down, also to the implicit gathering of facts. */
  readonly inherited: Inherited;
}

export interface Playbook {
  readonly file: string;
  readonly plays: readonly Play[];
}
