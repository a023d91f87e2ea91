/** JSON Schemas for editors: completion, descriptions and squiggles while a playbook, a file of tasks or an inventory is written. */
import { type JsonSchema, kindsOf } from '../src/core/coerce.ts';
import type { AnyTaskModule } from '../src/core/task-module.ts';
import { type Keywords, kinds } from '../src/playbook/keywords.ts';
import { shapes } from '../src/playbook/shapes.ts';

type Registry = ReadonlyMap<string, AnyTaskModule>;

const DRAFT = 'http://json-schema.org/draft-07/schema#';
const template = { type: 'string', pattern: '\\{[{%]' };
const yesOrTemplate = { type: 'string', pattern: '\\{[{%]|^(?:[Yy]es|[Nn]o|[Oo]n|[Oo]ff)$' };
const ref = (name: string) => ({ $ref: `#/definitions/${name}` });

export function playbookSchema(registry: Registry): object {
  return {
    $schema: DRAFT,
    title: 'Girofle playbook',
    type: 'array',
    items: { anyOf: [ref('play'), ref('import_playbook')] },
    definitions: {
      play: object(
        { ...described(kinds.play), ...taskLists(['pre_tasks', 'tasks', 'post_tasks', 'handlers']) },
        ['hosts'],
      ),
      import_playbook: object(described(kinds.importPlaybook), ['import_playbook']),
      ...taskDefinitions(registry),
    },
  };
}

/** A file of tasks: what a play's `tasks` holds. */
export function tasksSchema(): object {
  return { $schema: DRAFT, title: 'Girofle tasks', allOf: [{ $ref: 'playbook.json#/definitions/tasks' }] };
}

export function inventorySchema(): object {
  const vars = { type: ['object', 'null'], description: 'Variables' };
  return {
    $schema: DRAFT,
    title: 'Girofle inventory',
    type: 'object',
    additionalProperties: ref('group'),
    definitions: {
      group: {
        type: ['object', 'null'],
        properties: {
          hosts: {
            type: ['object', 'null'],
            description: 'Hosts by name, each with its variables; web[01:20] is a range',
            additionalProperties: ref('host'),
          },
          children: {
            type: ['object', 'null'],
            description: 'Groups within this one, by name',
            additionalProperties: ref('group'),
          },
          vars: {
            ...vars,
            description: 'Variables for every host of the group',
            properties: connectionVariables,
          },
        },
        additionalProperties: false,
      },
      host: { ...vars, properties: connectionVariables },
    },
  };
}

const connectionVariables = {
  ansible_host: { type: 'string', description: 'Address to connect to; by default the name' },
  ansible_port: { type: ['integer', 'string'], description: 'Port to connect to; 22 by default' },
  ansible_user: { type: 'string', description: 'Who to log in as' },
  ansible_connection: { type: 'string', description: 'ssh, or local for this machine' },
  ansible_become: { type: ['boolean', 'string'], description: 'Run tasks as another user, by sudo' },
  ansible_become_user: { type: 'string', description: 'Who to become; root by default' },
  ansible_ssh_private_key_file: { type: 'string', description: 'Key to log in with' },
  ansible_ssh_common_args: {
    type: 'string',
    description: "Options in ssh's words: -o Key=value, -J, -F, -i",
  },
};

function taskDefinitions(registry: Registry): Record<string, object> {
  const modules = [...registry.values()];
  const actions = Object.fromEntries(
    modules.flatMap(module => namesOf(module.name).map(name => [name, ref(`module ${module.name}`)])),
  );
  return {
    tasks: { type: ['array', 'null'], items: { anyOf: [ref('task'), ref('block')] } },
    task: object({ ...described(kinds.handler), ...ownActions, ...actions }),
    block: object({ ...described(kinds.block), ...taskLists(['block', 'rescue', 'always']) }, ['block']),
    apply: object(described(kinds.apply)),
    ...Object.fromEntries(modules.map(module => [`module ${module.name}`, moduleSchema(module)])),
  };
}

/** As users write them: bare, and with the collection that Ansible has them in. */
function namesOf(name: string): string[] {
  if (name.startsWith('gitlab_') || name === 'docker_engine') return [name];
  return [name, name.startsWith('docker_') ? `community.docker.${name}` : `ansible.builtin.${name}`];
}

const includeFile = { type: 'string', description: 'A file of tasks, beside this one' };

const ownActions = {
  include_tasks: {
    description: 'Tasks of a file, looked at when the task is reached',
    anyOf: [includeFile, object({ file: includeFile, apply: ref('apply') }, ['file'])],
  },
  import_tasks: {
    description: 'Tasks of a file, in the place of this task',
    anyOf: [includeFile, object({ file: includeFile }, ['file'])],
  },
  meta: {
    description: 'Something for the run itself',
    enum: ['flush_handlers', 'end_host', 'end_play', 'end_batch', 'clear_facts', 'clear_host_errors', 'noop'],
  },
};

function object(properties: object, required: readonly string[] = []): object {
  return {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

function described(keywords: Keywords): Record<string, object> {
  return Object.fromEntries(
    Object.entries(keywords).map(([name, { shape, description }]) => [
      name,
      { description, ...shapes[shape].schema },
    ]),
  );
}

function taskLists(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map(name => [name, ref('tasks')]));
}

function moduleSchema({ args, summary, freeForm, needed = [] }: AnyTaskModule): object {
  const schema: JsonSchema = args;
  const own = { ...editable(schema), description: summary };
  const optional = mustHave(schema).length === 0 && needed.length === 0;
  const text = {
    type: 'string',
    description: freeForm === undefined ? 'Arguments as name=value' : `The argument ${freeForm}`,
  };
  return { description: summary, anyOf: [own, text, ...(optional ? [{ type: 'null' }] : [])] };
}

function mustHave({ required = [], properties = {} }: JsonSchema): readonly string[] {
  return required.filter(name => properties[name]?.default === undefined);
}

/** The schema with a template welcome wherever no string is, and nothing required that has a default. */
function editable(schema: JsonSchema): object {
  const { properties, patternProperties, additionalProperties, items, anyOf, ...rest } = schema;
  const { required: _, 'x-girofle': __, ...plain }: Record<string, unknown> = { ...rest };
  const required = mustHave(schema);
  return {
    ...plain,
    ...(required.length > 0 ? { required } : {}),
    ...(properties ? { properties: each(properties, orTemplate) } : {}),
    ...(patternProperties ? { patternProperties: each(patternProperties, orTemplate) } : {}),
    ...(additionalProperties === undefined
      ? {}
      : {
          additionalProperties:
            typeof additionalProperties === 'object'
              ? orTemplate(additionalProperties)
              : additionalProperties,
        }),
    ...(items ? { items: orTemplate(items) } : {}),
    ...(anyOf ? { anyOf: [...anyOf.map(editable), template] } : {}),
  };
}

function each(schemas: Readonly<Record<string, JsonSchema>>, change: (schema: JsonSchema) => object): object {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, change(schema)]));
}

/** A list may also be written as one string, a boolean as yes or no. */
function orTemplate(schema: JsonSchema): object {
  const own = editable(schema);
  const { anyOf, pattern, minLength, enum: choices, description, default: byDefault } = schema;
  const kinds = kindsOf(schema);
  const takesText = kinds.length === 0 || kinds.includes('string');
  if (anyOf || (takesText && pattern === undefined && minLength === undefined && choices === undefined))
    return own;
  const text = kinds.includes('array')
    ? { type: 'string' }
    : kinds.includes('boolean')
      ? yesOrTemplate
      : template;
  return {
    ...(description === undefined ? {} : { description }),
    ...(byDefault === undefined ? {} : { default: byDefault }),
    anyOf: [own, text],
  };
}
