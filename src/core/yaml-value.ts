/** Turns parsed YAML into plain values: aliases followed, merge keys merged, Ansible's own tags given their meaning. */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import { isMap as isValueMap, type Value, type ValueMap } from './value.ts';
import { isMergeKey, keyText } from './yaml-place.ts';
import { neverTemplated } from './yaml-tags.ts';

/** Says what is wrong with the text at an offset. */
export type Complain = (message: string, at: readonly [start: number, end: number], hint?: string) => void;

const MOST_VALUES = 1_000_000;

/** @throws nothing: what cannot be read is complained about and becomes null */
export function toValue(document: Document, text: string, complain: Complain): Value {
  return new Reader(document, text, complain).read(document.contents);
}

/** Holds what has been read, for aliases and for the count that stops those that multiply. */
class Reader {
  readonly #document: Document;
  readonly #text: string;
  readonly #complain: Complain;
  readonly #done = new Map<Node, { value: Value; count: number }>();
  readonly #open = new Set<Node>();
  #count = 0;

  constructor(document: Document, text: string, complain: Complain) {
    this.#document = document;
    this.#text = text;
    this.#complain = complain;
  }

  read(node: Node | null | undefined): Value {
    if (!node) return null;
    if (isAlias(node)) return this.#alias(node);
    const before = this.#count;
    this.#count += 1;
    this.#open.add(node);
    const value = this.#plain(node);
    this.#open.delete(node);
    this.#done.set(node, { value, count: this.#count - before });
    return value;
  }

  #plain(node: Node): Value {
    if (isMap<Node, Node>(node)) return this.#map(node);
    if (isSeq<Node>(node)) return node.items.map(item => this.read(item));
    return isScalar(node) ? this.#scalar(node.value, node) : null;
  }

  #map(node: YAMLMap<Node, Node>): ValueMap {
    const entries = node.items.flatMap(pair => (isMergeKey(pair.key) ? [] : this.#entry(pair)));
    const merges = node.items.flatMap(pair => (isMergeKey(pair.key) ? this.#merge(pair) : []));
    return Object.fromEntries([...merges, ...entries]);
  }

  #entry({ key, value }: Pair<Node, Node>): [string, Value][] {
    const text = keyText(key);
    return text === undefined ? [] : [[text, this.read(value)]];
  }

  /** Of several maps, an earlier one wins: it is given last. */
  #merge({ key, value }: Pair<Node, Node>): [string, Value][] {
    const source = this.read(value);
    const maps = Array.isArray(source) ? source.toReversed() : [source];
    if (maps.every(isValueMap)) return maps.flatMap(map => Object.entries(map));
    this.#complain('<< wants a mapping, or a list of mappings', span(value ?? key));
    return [];
  }

  #alias(node: Alias): Value {
    const target = node.resolve(this.#document);
    if (!target)
      return this.#refuse(`*${node.source} names no anchor`, node, `set &${node.source} before it`);
    if (this.#open.has(target)) return this.#refuse(`*${node.source} stands inside its own anchor`, node);
    const done = this.#done.get(target);
    this.#count += done?.count ?? 1;
    if (this.#count > MOST_VALUES)
      return this.#refuse('the aliases of this file stand for too many values', node);
    return done ? done.value : this.read(target);
  }

  #scalar(value: unknown, node: Node): Value {
    if (node.tag === '!vault' || node.tag === '!vault-encrypted') {
      return this.#refuse(
        '!vault is not supported in this version',
        node,
        'keep the secret in a file that only you can read',
      );
    }
    if (node.tag === '!unsafe' && typeof value === 'string') {
      return (
        neverTemplated(value) ??
        this.#refuse('!unsafe cannot hold "{% endraw %}" or begin with an empty line', node)
      );
    }
    return isPlain(value) ? value : String(value);
  }

  #refuse(message: string, node: Node, hint?: string): null {
    const [start, end] = span(node);
    const tag = node.tag?.startsWith('!') ? this.#text.lastIndexOf(node.tag, start) : -1;
    this.#complain(message, tag < 0 ? [start, end] : [tag, end], hint);
    return null;
  }
}

function isPlain(value: unknown): value is null | boolean | number | string {
  return value === null || ['boolean', 'number', 'string'].includes(typeof value);
}

function span(node: Node): [number, number] {
  const [start, end] = node.range ?? [0, 1];
  return [start, end];
}
