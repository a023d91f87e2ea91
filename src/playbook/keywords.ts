/** Ansible's keywords for plays, blocks and tasks. */
import { type ShapeName, shapes } from './shapes.ts';

interface Keyword {
  readonly shape: ShapeName;
  readonly description: string;
}

export type Keywords = Readonly<Record<string, Keyword>>;

/** `['truth', 'Run as another user']` is shorter to read in a long table. */
function keywords(
  table: Readonly<Record<string, readonly [shape: ShapeName, description: string]>>,
): Keywords {
  return Object.fromEntries(
    Object.entries(table).map(([name, [shape, description]]) => [name, { shape, description }]),
  );
}

/** Everywhere: plays, blocks and tasks. */
const common = keywords({
  name: ['text', 'Shown while it runs'],
  vars: ['map', 'Variables for everything below'],
  environment: ['environment', 'Environment variables of what runs on the host'],
  tags: ['words', 'For --tags and --skip-tags; `always` and `never` have their own meaning'],
  become: ['truth', 'Run as another user, by sudo'],
  become_user: ['text', 'Who to become; root by default'],
  become_method: ['sudo', 'How to become: sudo'],
  ignore_errors: ['truth', 'Go on when it fails'],
  ignore_unreachable: ['truth', 'Go on with the next task when the host cannot be reached'],
  any_errors_fatal: ['flag', 'A failure on one host ends the play on all'],
  no_log: ['truth', 'Keep arguments and results out of everything that is shown'],
  check_mode: ['truth', 'true: only ever plan; false: run even with --plan'],
  diff: ['flag', 'Show what changes inside files, or do not'],
  run_once: ['truth', 'Run on the first host only, and use the result for all'],
  module_defaults: ['map', 'Arguments for every task of a module, by module name'],
  collections: ['anything', 'Ignored: modules are known by their bare names'],
});

const perTask = keywords({
  when: ['conditions', 'Only if this expression, or each of this list, is true'],
  delegate_to: ['text', 'Another host to run on'],
  delegate_facts: ['flag', 'Facts found belong to the host delegated to'],
  notify: ['words', 'Handlers to run at the end of the play if something changed'],
  timeout: ['number', 'Seconds for the whole task'],
});

const play: Keywords = {
  ...common,
  ...keywords({
    hosts: ['words', 'Which hosts: groups and patterns'],
    vars_files: ['files', 'Files of variables; of a list within the list, the first that exists'],
    vars_prompt: ['prompts', 'Variables to ask for, unless -e gives them'],
    gather_facts: ['flag', 'Look at the host first; true by default'],
    gather_subset: ['anything', 'Which facts to gather'],
    remote_user: ['text', 'Who to log in as'],
    port: ['number', 'Port to connect to'],
    connection: ['text', 'ssh or local'],
    serial: ['anything', 'Hosts at a time: a number, a percentage, or a list of them'],
    strategy: ['strategy', 'linear: each task on all hosts before the next; free: no host waits for another'],
    max_fail_percentage: ['percentage', 'End the play when more hosts than this failed'],
    force_handlers: ['flag', 'Run notified handlers also on hosts that failed'],
    order: ['order', 'The order of the hosts'],
    pre_tasks: ['tasks', 'Tasks before the tasks'],
    roles: ['roles', 'Roles, in order: their tasks come before the tasks'],
    tasks: ['tasks', 'Tasks, in order'],
    post_tasks: ['tasks', 'Tasks after the tasks and their handlers'],
    handlers: ['tasks', 'Tasks that run when notified'],
    schedule: ['text', 'When `schedule install` runs it: five fields of cron, or @daily and the like'],
  }),
};

const importPlaybook = keywords({
  import_playbook: ['text', 'The playbook to run here; relative to this one'],
  name: ['text', 'Shown while it runs'],
  vars: ['map', 'Variables for its plays'],
  tags: ['words', 'Tags for its plays'],
  when: ['conditions', 'A condition for all of its tasks'],
});

/** What include_tasks' `apply` may hold: keywords of a block, without its tasks. */
const apply: Keywords = { ...common, ...perTask };

const block: Keywords = {
  ...apply,
  ...keywords({
    block: ['tasks', 'Tasks that belong together'],
    rescue: ['tasks', 'Tasks for when one of them failed'],
    always: ['tasks', 'Tasks afterwards, whatever happened'],
  }),
};

/** The ways to loop. */
export const loopStyles = [
  'items',
  'list',
  'dict',
  'sequence',
  'indexed_items',
  'nested',
  'together',
] as const;

const withLoops = loopStyles.map(style => `with_${style}`);

const loops: Keywords = {
  ...keywords({
    loop: ['anything', 'Run once for each element; the element is `item`'],
    loop_control: ['map', 'Names and labels for the loop'],
  }),
  ...Object.fromEntries(
    withLoops.map(name => [
      name,
      { shape: 'anything', description: `Run once for each, as Ansible's ${name}` },
    ]),
  ),
};

const task: Keywords = {
  ...common,
  ...perTask,
  ...loops,
  ...keywords({
    register: ['variable', 'Variable for the result'],
    changed_when: ['conditions', 'When to call it changed'],
    failed_when: ['conditions', 'When to call it failed'],
    until: ['conditions', 'Try again until this is true'],
    retries: ['number', 'How often to try again; 3 by default'],
    delay: ['number', 'Seconds between tries; 5 by default'],
    args: ['map', 'Arguments of the module, beside those given with it'],
    action: ['anything', 'The module and its arguments, in one'],
    local_action: ['anything', 'As action, on this machine'],
  }),
};

const handler: Keywords = {
  ...task,
  ...keywords({ listen: ['words', 'Topics that notify it, beside its name'] }),
};

/** What a task may hold beside include_tasks: the rest is for `apply`, as in Ansible. */
const include = only(handler, [
  ...['name', 'when', 'loop', 'loop_control', ...withLoops, 'vars', 'tags', 'args'],
  ...['ignore_errors', 'no_log', 'run_once', 'collections', 'listen'],
]);

const meta: Keywords = {
  ...loops,
  ...only(handler, ['name', 'when', 'tags', 'vars', 'collections', 'listen', 'args', 'run_once']),
};

/** A loop is refused with a sentence of its own. */
const importTasks: Keywords = { ...apply, ...loops, ...only(handler, ['args', 'listen']) };

/** An entry of `roles`; other keys are parameters of the role. */
const role: Keywords = {
  ...common,
  ...only(perTask, ['when', 'delegate_to', 'delegate_facts']),
  ...keywords({ role: ['text', 'The role: a folder in roles/'] }),
};

const loopControl = keywords({
  loop_var: ['variable', 'Variable for the element, instead of `item`'],
  index_var: ['variable', 'Variable for the index, from 0'],
  label: ['anything', 'What to show for the element'],
  pause: ['number', 'Seconds between rounds'],
  extended: ['flag', 'Also set `ansible_loop`'],
});

function only(table: Keywords, names: readonly string[]): Keywords {
  return Object.fromEntries(Object.entries(table).filter(([key]) => names.includes(key)));
}

/** The kinds of things that have keywords; each has a compiled validator of its own. */
export const kinds = {
  play,
  importPlaybook,
  block,
  task,
  handler,
  include,
  importTasks,
  meta,
  role,
  loopControl,
  apply,
} satisfies Record<string, Keywords>;

export type Kind = keyof typeof kinds;

const required: Partial<Record<Kind, readonly string[]>> = {
  play: ['hosts'],
  importPlaybook: ['import_playbook'],
  block: ['block'],
};

/**
 * One JSON Schema for all kinds: `{ play: {...} }` is a play, `{ task: {...} }` a task whose module is taken out. As one
 * schema it compiles to a tenth of the code.
 */
export function keywordsSchema(): object {
  const definitions = Object.entries(shapes).map(([name, { schema }]) => [name, schema]);
  const names: readonly Kind[] = Object.keys(kinds).filter(isKind);
  return {
    type: 'object',
    properties: Object.fromEntries(names.map(kind => [kind, schemaOf(kind)])),
    $defs: Object.fromEntries(definitions),
  };
}

function isKind(name: string): name is Kind {
  return name in kinds;
}

function schemaOf(kind: Kind): object {
  const properties = Object.entries(kinds[kind]).map(([key, { shape }]) => [
    key,
    { $ref: `#/$defs/${shape}` },
  ]);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: required[kind] ?? [],
    additionalProperties: false,
  };
}

/** What the keyword wants, in words. */
export function wants(kind: Kind, name: string): string {
  const table: Keywords = kinds[kind];
  const shape = table[name]?.shape;
  return shape === undefined ? 'something else' : shapes[shape].wants;
}
