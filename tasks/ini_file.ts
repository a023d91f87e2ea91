/** The `ini_file` module: options of a section of an INI file. */
import { type Static, Type } from 'typebox';
import { Choice, Flag } from '../src/core/args.ts';
import { defineTask } from '../src/core/task-module.ts';
import {
  type Edited,
  editAliases,
  editArgs,
  editFile,
  editResult,
  linesOf,
  lookAtFile,
} from './files/edit-file.ts';
import { checkValidate } from './files/place-file.ts';

const args = Type.Object(
  {
    ...editArgs,
    section: Type.Optional(Type.String({ description: 'Its section; left out: before the first one' })),
    option: Type.Optional(Type.String({ description: 'The option; without it the section itself is meant' })),
    value: Type.Optional(Type.String({ description: 'Its value' })),
    values: Type.Optional(Type.Array(Type.String(), { description: 'Several values, a line each' })),
    state: Choice(['present', 'absent'], 'Whether it shall be there', 'present'),
    exclusive: Flag('The given values are all there are; false adds and removes one by one', true),
    no_extra_spaces: Flag('No blanks around the =', false),
    allow_no_value: Flag('An option may stand without = and value', false),
    create: Flag('Make the file where it does not exist', true),
  },
  { additionalProperties: false },
);
type Args = Static<typeof args>;

const HEADING = /^\s*\[(.*)\]\s*(?:[#;].*)?$/;

/** The lines of the section, its heading not counted. */
function bounds(lines: readonly string[], section: string | undefined) {
  const headings = lines.map(line => HEADING.exec(line.trimEnd())?.[1]);
  const heading = section === undefined ? -1 : headings.indexOf(section);
  if (section !== undefined && heading < 0) return undefined;
  const next = headings.findIndex((name, i) => i > heading && name !== undefined);
  return { start: heading + 1, end: next < 0 ? lines.length : next };
}

interface Option {
  readonly name: string;
  readonly value: string | undefined;
  readonly commented: boolean;
}

function readOption(line: string): Option | undefined {
  const [, mark = '', name = '', equals, value = ''] =
    /^\s*([#;]?)\s*([^#;[\s=:][^=:]*?)\s*(?:([=:])\s*(.*))?$/.exec(line.trimEnd()) ?? [];
  if (name === '') return undefined;
  return { name, value: equals === undefined ? undefined : value, commented: mark !== '' };
}

function wantedLines(given: Args): readonly string[] {
  const values = given.values ?? (given.value === undefined ? [undefined] : [given.value]);
  return values.map(value => optionLine(given, value));
}

function optionLine({ option = '', no_extra_spaces: tight }: Args, value: string | undefined): string {
  return value === undefined ? `${option}\n` : `${option}${tight ? '=' : ' = '}${value}\n`;
}

function edit(given: Args, before: string | null): Edited {
  const lines = linesOf(before ?? '').map((line, i, all) =>
    i === all.length - 1 && !line.endsWith('\n') ? `${line}\n` : line,
  );
  const place = bounds(lines, given.section);
  const { lines: made, msg } =
    given.state === 'present' ? present(given, lines, place) : absent(given, lines, place);
  return msg === '' ? { text: before ?? '', msg } : { text: made.join(''), msg };
}

type Made = { readonly lines: readonly string[]; readonly msg: string };
type Bounds = ReturnType<typeof bounds>;

function present(given: Args, lines: readonly string[], place: Bounds): Made {
  if (place === undefined) return newSection(given, lines);
  if (given.option === undefined) return { lines, msg: '' };
  const inside = lines.slice(place.start, place.end);
  const changed = settled(given, inside);
  if (changed === undefined) return { lines, msg: '' };
  const added = changed.length > inside.length;
  return {
    lines: [...lines.slice(0, place.start), ...changed, ...lines.slice(place.end)],
    msg: added ? 'option added' : 'option changed',
  };
}

function newSection(given: Args, lines: readonly string[]): Made {
  const options = given.option === undefined ? [] : wantedLines(given);
  return { lines: [...lines, `[${given.section}]\n`, ...options], msg: 'section and option added' };
}

/** The lines of the section as they should be; undefined when they are. */
function settled(given: Args, inside: readonly string[]): readonly string[] | undefined {
  const own = inside.flatMap((line, i) => {
    const option = readOption(line);
    return option?.name === given.option ? [{ i, ...option }] : [];
  });
  const active = own.filter(({ commented }) => !commented);
  const values = given.values ?? [given.value];
  const missing = values.filter(value => !active.some(one => one.value === value));
  const surplus = given.exclusive ? active.filter(({ value }) => !values.includes(value)) : [];
  const doubles = given.exclusive
    ? active.filter(
        (one, at) => values.includes(one.value) && active.findIndex(({ value }) => value === one.value) < at,
      )
    : [];
  if (missing.length === 0 && surplus.length === 0 && doubles.length === 0) return undefined;
  const places = [
    ...surplus.map(({ i }) => i),
    ...(active.length === 0 ? own.slice(0, 1).map(({ i }) => i) : []),
  ];
  const replaced = new Map(
    missing.slice(0, places.length).map((value, n) => [places[n], optionLine(given, value)]),
  );
  const gone = new Set([...surplus, ...doubles].map(({ i }) => i).filter(i => !replaced.has(i)));
  const kept = inside.flatMap((line, i) => (gone.has(i) ? [] : [replaced.get(i) ?? line]));
  const rest = missing.slice(places.length).map(value => optionLine(given, value));
  const at = kept.findLastIndex(line => line.trim() !== '') + 1;
  return [...kept.slice(0, at), ...rest, ...kept.slice(at)];
}

function absent(given: Args, lines: readonly string[], place: Bounds): Made {
  if (place === undefined) return { lines, msg: '' };
  if (given.option === undefined) return withoutSection(given, lines, place);
  const values = given.values ?? (given.value === undefined ? undefined : [given.value]);
  const goes = (line: string) => {
    const option = readOption(line);
    const meant = option !== undefined && !option.commented && option.name === given.option;
    return meant && (given.exclusive || values === undefined || values.includes(option.value ?? ''));
  };
  const inside = lines.slice(place.start, place.end);
  const left = inside.filter(line => !goes(line));
  const text = [...lines.slice(0, place.start), ...left, ...lines.slice(place.end)];
  return { lines: text, msg: left.length === inside.length ? '' : 'option changed' };
}

function withoutSection(given: Args, lines: readonly string[], { start, end }: NonNullable<Bounds>): Made {
  const from = given.section === undefined ? start : start - 1;
  return { lines: [...lines.slice(0, from), ...lines.slice(end)], msg: 'section removed' };
}

export const ini_file = defineTask({
  name: 'ini_file',
  summary: 'Set or remove an option, or a section, of an INI file',
  args,
  aliases: editAliases,
  examples: `
- name: An option
  ini_file:
    path: /etc/app.ini
    section: server
    option: port
    value: '8080'

- name: The section is gone
  ini_file:
    path: /etc/app.ini
    section: old
    state: absent
`,
  returns: {
    path: 'The file',
    msg: 'option added, option changed, section and option added, section removed, or OK',
    backup_file: 'The copy of the old file, with `backup`',
  },
  check: ({ state, section, option, value, values, allow_no_value, validate }) => [
    ...(value !== undefined && values !== undefined ? ['value and values exclude each other'] : []),
    ...(state === 'present' &&
    option !== undefined &&
    value === undefined &&
    values === undefined &&
    !allow_no_value
      ? ['option needs value (or allow_no_value: true)']
      : []),
    ...(section === undefined && option === undefined ? ['section or option is needed'] : []),
    ...checkValidate(validate),
  ],
  probe: lookAtFile,
  plan: (given, seen) =>
    editFile(given, seen, before => edit(given, before), {
      create: given.create || given.state === 'absent',
    }),
  result: (given, seen, outputs) => {
    const result = editResult(given, seen, before => edit(given, before), outputs);
    return { path: given.path, ...result, ...(result.msg === '' ? { msg: 'OK' } : {}) };
  },
});
