/** The reference of the task modules, as Markdown. */
import { isExpression } from '../src/core/args.ts';
import { choicesOf, type JsonSchema, kindsOf } from '../src/core/coerce.ts';
import type { AnyTaskModule } from '../src/core/task-module.ts';

type Registry = ReadonlyMap<string, AnyTaskModule>;

const NOTE = '<!-- Made by `npm run generate` from tasks/. -->';

/** docs/modules/README.md */
export function moduleIndex(registry: Registry): string {
  const rows = [...registry.values()].map(({ name, summary }) => row([`[${name}](${name}.md)`, summary]));
  return page([
    '# Modules',
    `What a task can do. \`girofle-run doc NAME\` shows the same on the terminal.`,
    [row(['Module', 'What it does']), row(['---', '---']), ...rows].join('\n'),
  ]);
}

/** docs/modules/NAME.md */
export function modulePage(module: AnyTaskModule): string {
  const { name, summary, description, freeForm, examples, returns = {} } = module;
  return page([
    `# ${name}`,
    `${summary}.`,
    ...(description === undefined ? [] : [description.trim()]),
    '## Arguments',
    argumentTable(module),
    ...(freeForm === undefined ? [] : [`A bare string sets \`${freeForm}\`.`]),
    ...(Object.keys(returns).length === 0 ? [] : ['## What `register` gets', returnTable(returns)]),
    '## Examples',
    `\`\`\`yaml\n${examples.trim()}\n\`\`\``,
  ]);
}

function page(parts: readonly string[]): string {
  return `${[NOTE, ...parts].join('\n\n')}\n`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function argumentTable({ args, aliases = {}, needed = [] }: AnyTaskModule): string {
  const schema: JsonSchema = args;
  const own = Object.entries(schema.properties ?? {}).filter(([name]) => !(name in aliases));
  const others = (name: string) => Object.keys(aliases).filter(alias => aliases[alias] === name);
  const required = [...(schema.required ?? []), ...needed];
  const rows = own.flatMap(([name, property]) =>
    argumentRows(name, property, required.includes(name), others(name)),
  );
  if (rows.length === 0) return 'None.';
  return [
    row(['Argument', 'Type', 'Default', 'What it is']),
    row(['---', '---', '---', '---']),
    ...rows,
  ].join('\n');
}

/** An argument, and below it what its mappings hold. */
function argumentRows(
  name: string,
  schema: JsonSchema,
  required: boolean,
  aliases: readonly string[],
): readonly string[] {
  const also = aliases.length === 0 ? '' : `. Also: ${aliases.map(alias => `\`${alias}\``).join(', ')}`;
  const own = row([
    `\`${name}\``,
    typeOf(schema),
    defaultOf(schema, required),
    `${schema.description ?? ''}${also}`,
  ]);
  return [own, ...insideOf(schema).flatMap(([suffix, inside]) => nestedRows(`${name}${suffix}`, inside))];
}

function nestedRows(prefix: string, schema: JsonSchema): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    argumentRows(`${prefix}.${name}`, property, schema.required?.includes(name) ?? false, []),
  );
}

/** The mappings within a schema, and how a path goes into them. */
function insideOf(schema: JsonSchema): readonly [string, JsonSchema][] {
  if (schema.properties) return [['', schema]];
  if (schema.items) return insideOf(schema.items).map(([suffix, inside]) => [`[]${suffix}`, inside]);
  return (schema.anyOf ?? []).flatMap(insideOf);
}

function defaultOf(schema: JsonSchema, required: boolean): string {
  if (schema.default !== undefined)
    return `\`${typeof schema.default === 'string' ? schema.default || "''" : JSON.stringify(schema.default)}\``;
  return required ? '**required**' : '';
}

function typeOf(schema: JsonSchema): string {
  if (isExpression(schema)) return 'expression';
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  const choices = choicesOf(schema);
  if (choices.length > 0) return choices.map(choice => `\`${choice}\``).join(', ');
  return (
    kindsOf(schema)
      .map(kind =>
        kind === 'array' && schema.items ? `list of ${plural(typeOf(schema.items))}` : (words[kind] ?? kind),
      )
      .join(' or ') || 'anything'
  );
}

function plural(type: string): string {
  return type.startsWith('`') || type === 'anything'
    ? type
    : type.replaceAll(/$| or /g, match => `s${match}`);
}

const words: Readonly<Record<string, string>> = { array: 'list', object: 'mapping', integer: 'whole number' };

function returnTable(returns: Readonly<Record<string, string>>): string {
  const rows = Object.entries(returns).map(([name, description]) => row([`\`${name}\``, description]));
  return [row(['Key', 'What it is']), row(['---', '---']), ...rows].join('\n');
}
