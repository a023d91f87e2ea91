/** Reads an INI inventory line by line, as Ansible does: hosts with variables, `[group]`, `[group:vars]`, `[group:children]`. */
import { type Diagnostic, errorAt, type Place } from '../core/diagnostic.ts';
import { didYouMean } from '../core/suggest.ts';
import type { ValueMap } from '../core/value.ts';
import { type Declaration, type Draft, originIn } from './declarations.ts';
import { expandHosts, isProblem } from './host-names.ts';
import { typedValue } from './python-literal.ts';
import { splitWords, type Word } from './shell-words.ts';

const KINDS = ['hosts', 'children', 'vars'] as const;

interface Section {
  readonly group: string;
  readonly kind: (typeof KINDS)[number];
}

interface Line {
  readonly text: string;
  /** @param at characters into the line's text */
  place(at: number, length: number): Place;
}

interface Reading {
  readonly file: string;
  readonly declarations: Declaration[];
  readonly diagnostics: Diagnostic[];
}

/** Before the first section, hosts are ungrouped. */
export function parseIni(file: string, text: string): Draft {
  const reading: Reading = { file, declarations: [], diagnostics: [] };
  let section: Section | undefined = { group: 'ungrouped', kind: 'hosts' };
  for (const line of significantLines(file, text)) {
    if (line.text.startsWith('[') && /^\[[^\]]*\]?\s*(#.*)?$/.test(line.text))
      section = readSection(line, reading);
    else if (section) readEntry(line, section, reading);
  }
  return reading;
}

function significantLines(file: string, text: string): readonly Line[] {
  return text.split(/\r?\n/).flatMap((whole, i) => {
    const text = whole.trim();
    const indent = whole.length - whole.trimStart().length;
    if (text === '' || /^[;#]/.test(text)) return [];
    return [
      {
        text,
        place: (at, length) => ({ file, line: i + 1, column: indent + at + 1, length: Math.max(1, length) }),
      },
    ];
  });
}

/** After a section that cannot be understood, its lines are passed over. */
function readSection(line: Line, { declarations, diagnostics }: Reading): Section | undefined {
  const [, group, kind = 'hosts'] = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/.exec(line.text) ?? [];
  const place = line.place(0, line.text.length);
  if (group === undefined) {
    diagnostics.push(
      errorAt(
        `"${line.text}" is no section`,
        place,
        'write [group], [group:vars] or [group:children], without blanks',
      ),
    );
    return undefined;
  }
  const known = KINDS.find(one => one === kind);
  if (known === undefined) {
    diagnostics.push(
      errorAt(
        `unknown kind of section "${kind}"`,
        line.place(group.length + 2, kind.length),
        didYouMean(kind, KINDS) ?? 'write [group], [group:vars] or [group:children]',
      ),
    );
    return undefined;
  }
  declarations.push(
    known === 'vars' ? { kind: 'mention', name: group, place } : { kind: 'group', name: group },
  );
  return { group, kind: known };
}

function readEntry(line: Line, { group, kind }: Section, reading: Reading): void {
  if (kind === 'hosts') readHosts(line, group, reading);
  else if (kind === 'vars') readVariable(line, group, reading);
  else readChild(line, group, reading);
}

function readChild(line: Line, parent: string, { declarations, diagnostics }: Reading): void {
  const child = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(line.text)?.[1];
  const place = line.place(0, child?.length ?? line.text.length);
  if (child === undefined)
    diagnostics.push(
      errorAt(`"${line.text}" is no group name`, place, `[${parent}:children] lists groups, one a line`),
    );
  else declarations.push({ kind: 'child', parent, child, place });
}

function readVariable(line: Line, group: string, { file, declarations, diagnostics }: Reading): void {
  const equals = line.text.indexOf('=');
  const key = line.text.slice(0, equals).trim();
  const place = line.place(0, equals < 1 ? line.text.length : key.length);
  if (equals < 0 || key === '') {
    diagnostics.push(errorAt(`"${line.text}" is no variable`, place, 'write name=value'));
    return;
  }
  const values = { [key]: typedValue(line.text.slice(equals + 1).trim()) };
  declarations.push({
    kind: 'vars',
    of: 'group',
    name: group,
    values,
    origin: originIn(file, 'group', group),
    place,
  });
}

function readHosts(line: Line, group: string, reading: Reading): void {
  const { file, declarations, diagnostics } = reading;
  const split = splitWords(line.text, { comments: true });
  if ('problem' in split) {
    diagnostics.push(
      errorAt(split.problem, line.place(0, line.text.length), 'quote a value that holds blanks: name="a b"'),
    );
    return;
  }
  const [entry, ...assignments] = split.words;
  if (entry === undefined) return;
  const hosts = expandHosts(entry.text);
  const place = line.place(entry.at, entry.text.length);
  const values = readAssignments(line, assignments, reading);
  warnOfComment(line, split.words, reading);
  if (isProblem(hosts)) {
    diagnostics.push(errorAt(hosts.problem, place, hosts.hint));
    return;
  }
  for (const name of hosts.names) {
    const origin = originIn(file, 'host', name);
    declarations.push({
      kind: 'host',
      name,
      group,
      origin,
      ...(hosts.port === undefined ? {} : { port: hosts.port }),
    });
    declarations.push({ kind: 'vars', of: 'host', name, values, origin, place });
  }
}

function readAssignments(line: Line, words: readonly Word[], { diagnostics }: Reading): ValueMap {
  const entries = words.flatMap(({ text, at }) => {
    const equals = text.indexOf('=');
    if (equals > 0) return [[text.slice(0, equals), typedValue(text.slice(equals + 1))] as const];
    diagnostics.push(
      errorAt(
        `"${text}" is no variable`,
        line.place(at, text.length),
        'write name=value, and one host a line',
      ),
    );
    return [];
  });
  return Object.fromEntries(entries);
}

function warnOfComment(line: Line, words: readonly Word[], { diagnostics }: Reading): void {
  for (const { text, at, cut } of words) {
    if (!cut) continue;
    const name = text.split('=')[0] ?? text;
    diagnostics.push({
      severity: 'warning',
      message: `the value of ${name} ends before the #, which begins a comment`,
      place: line.place(at, text.length),
      hint: 'quote the value to keep it whole, or put a blank before the comment',
    });
  }
}
