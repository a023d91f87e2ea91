/** YAML as PyYAML reads and writes it, which is what to_yaml, to_nice_yaml and from_yaml promise. */
import {
  type DocumentOptions,
  type ParseOptions,
  parseAllDocuments,
  parseDocument,
  type ScalarTag,
  type SchemaOptions,
} from 'yaml';
import { fail } from './errors.ts';
import { formatFloat } from './number-text.ts';
import { article, entriesOf, need } from './python.ts';
import { isFloat, isMapping, isTuple, numberOf, typeWord, type V } from './values.ts';
import { flowWidth, writeScalar } from './yaml-scalar.ts';

export interface YamlStyle {
  /** Spaces a level. */
  readonly indent: number;
  readonly width: number;
  readonly sortKeys: boolean;
  /** True: brackets; false: never; undefined: where a collection holds scalars only. */
  readonly flow: boolean | undefined;
  readonly explicitStart: boolean;
  readonly defaultStyle: '' | "'" | '"';
}

export function toYaml(value: V, style: YamlStyle): string {
  const writer = new Writer(style);
  if (style.explicitStart) writer.add('---');
  if (isCollection(value) && writer.isBlock(value)) {
    if (style.explicitStart) writer.newline();
    writer.block(value, 0);
  } else {
    if (style.explicitStart) writer.add(' ');
    writer.inline(value, style.indent, false);
  }
  return `${writer.output}\n`;
}

type Collection = Exclude<V, null | boolean | number | string>;

function isCollection(value: V): value is Collection {
  return Array.isArray(value) || isMapping(value);
}

class Writer {
  readonly style: YamlStyle;
  output = '';
  column = 0;
  depth = 0;

  constructor(style: YamlStyle) {
    this.style = style;
  }

  add(text: string): void {
    this.output += text;
    const line = text.lastIndexOf('\n');
    this.column = line < 0 ? this.column + text.length : text.length - line - 1;
  }

  newline(indent = 0): void {
    this.add(`\n${' '.repeat(indent)}`);
  }

  isBlock(value: Collection): boolean {
    const children = this.children(value);
    if (children.length === 0 || this.style.flow === true) return false;
    return this.style.flow === false || children.some(isCollection);
  }

  children(value: Collection): readonly V[] {
    if (Array.isArray(value)) return value;
    return isMapping(value) ? this.entries(value).map(([, item]) => item) : [];
  }

  entries(value: Collection): readonly (readonly [string, V])[] {
    const entries = isMapping(value) ? [...entriesOf(value)] : [];
    return this.style.sortKeys ? entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) : entries;
  }

  /** Writes a collection line by line; the first line starts at the current column. */
  block(value: Collection, indent: number): void {
    this.depth += 1;
    if (this.depth > 100) fail('the value is nested too deeply for YAML');
    if (Array.isArray(value)) this.blockList(value, indent);
    else this.blockMap(value, indent);
    this.depth -= 1;
  }

  blockList(list: readonly V[], indent: number): void {
    for (const [i, item] of list.entries()) {
      if (i > 0) this.newline(indent);
      this.add('-');
      this.child(item, indent, false);
    }
  }

  blockMap(map: Collection, indent: number): void {
    for (const [i, [key, item]] of this.entries(map).entries()) {
      if (i > 0) this.newline(indent);
      this.add(
        writeScalar(key, this.style, {
          column: this.column,
          indent: indent + this.style.indent,
          key: true,
          flow: false,
        }),
      );
      this.add(':');
      this.child(item, indent, true);
    }
  }

  /** What follows `-` or `key:`. */
  child(value: V, indent: number, inMapping: boolean): void {
    const deeper = indent + this.style.indent;
    if (!isCollection(value) || !this.isBlock(value)) {
      this.add(' ');
      this.inline(value, deeper, false);
    } else if (!inMapping) {
      this.add(' '.repeat(Math.max(1, deeper - this.column)));
      this.block(value, deeper);
    } else {
      const at = Array.isArray(value) ? indent : deeper;
      this.newline(at);
      this.block(value, at);
    }
  }

  /** A scalar, or a collection in brackets. */
  inline(value: V, indent: number, flow: boolean): void {
    this.depth += 1;
    if (this.depth > 100) fail('the value is nested too deeply for YAML');
    this.writeInline(value, indent, flow);
    this.depth -= 1;
  }

  writeInline(value: V, indent: number, flow: boolean): void {
    if (!isCollection(value)) this.add(this.scalar(value, indent, flow));
    else if (Array.isArray(value))
      this.flow(
        '[]',
        value.map(item => () => this.inline(item, indent + this.style.indent, true)),
        indent,
      );
    else {
      const members = this.entries(value).map(([name, item]) => () => {
        this.add(writeScalar(name, this.style, { column: this.column, indent, key: true, flow: true }));
        this.add(': ');
        this.inline(item, indent + this.style.indent, true);
      });
      this.flow('{}', members, indent);
    }
  }

  flow(brackets: string, members: readonly (() => void)[], indent: number): void {
    this.add(brackets.charAt(0));
    for (const [i, write] of members.entries()) {
      if (i > 0) this.add(',');
      if (this.column > flowWidth(this.style)) this.newline(indent);
      else if (i > 0) this.add(' ');
      write();
    }
    this.add(brackets.charAt(1));
  }

  scalar(value: V, indent: number, flow: boolean): string {
    if (typeof value === 'string')
      return writeScalar(value, this.style, { column: this.column, indent, key: false, flow });
    if (value === null) return 'null';
    need(value);
    if (isTuple(value)) return fail('a tuple cannot be written as YAML', 'make it a list: … | list');
    const number = typeof value === 'boolean' ? undefined : numberOf(value);
    if (number !== undefined)
      return isFloat(value) ? yamlFloat(number) : formatFloat(number).replace(/\.0$/, '');
    return typeof value === 'boolean'
      ? String(value)
      : fail(`${article(typeWord(value))} cannot be written as YAML`);
  }
}

function yamlFloat(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  return formatFloat(value).replace(/^(-?\d+)e/, '$1.0e');
}

const BOOLEANS: ScalarTag = {
  identify: value => typeof value === 'boolean',
  default: true,
  tag: 'tag:yaml.org,2002:bool',
  test: /^(?:yes|Yes|YES|on|On|ON|no|No|NO|off|Off|OFF)$/,
  resolve: text => /^(?:y|on)/i.test(text),
};

const OCTAL: ScalarTag = {
  identify: () => false,
  default: true,
  tag: 'tag:yaml.org,2002:int',
  test: /^0[0-7]+$/,
  resolve: text => Number.parseInt(text, 8),
};

const OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  version: '1.2',
  merge: true,
  customTags: tags => [BOOLEANS, OCTAL, ...tags],
  logLevel: 'silent',
};

/** One document's value. What is no string is given back. */
export function fromYaml(value: V): V {
  if (typeof value !== 'string') return need(value);
  const document = parseDocument(value, OPTIONS);
  return plain(document);
}

export function fromYamlAll(value: V): V {
  if (typeof value !== 'string') return need(value);
  return parseAllDocuments(value, OPTIONS).map(plain);
}

type Readable = Pick<ReturnType<typeof parseDocument>, 'errors' | 'toJS'>;

function plain(document: Readable): V {
  const [error] = document.errors;
  if (error) return fail(`from_yaml: ${error.message.split('\n')[0]}`);
  const value: V = document.toJS({ maxAliasCount: 100 });
  return value;
}
