/** Where each argument of a task is written: with the module, under `args`, in one string, or in module_defaults. */
import type { ArgumentProblem } from '../core/arguments.ts';
import type { Place } from '../core/diagnostic.ts';
import type { Source } from '../core/play.ts';
import type { Value } from '../core/value.ts';
import type { YamlDocument } from '../core/yaml.ts';
import type { Path } from './context.ts';

/** Where one argument comes from. */
export interface Argument {
  readonly value: Value;
  readonly document: YamlDocument;
  readonly path: Path;
  /** Of the value in a string that holds several. */
  readonly offset?: number;
  /** Of the name in such a string. */
  readonly keyOffset?: number;
}

type Arguments = ReadonlyMap<string, Argument>;

/** Paths begin with the name of an argument, and lead to wherever that one is written. */
export class ArgumentSource implements Source {
  readonly file: string;
  readonly #all: Arguments;
  readonly #action: Path;
  readonly #document: YamlDocument;

  constructor(all: Arguments, action: Path, document: YamlDocument) {
    this.file = document.file;
    this.#all = all;
    this.#action = action;
    this.#document = document;
  }

  place([name, ...rest]: Path, offset?: number): Place {
    const argument = this.#all.get(String(name));
    if (!argument) return this.#document.keyPlace(this.#action);
    const inside = argument.offset === undefined ? offset : argument.offset + (offset ?? 0);
    return argument.document.place([...argument.path, ...rest], inside);
  }

  placeOf({ path: [name, ...rest], atKey }: ArgumentProblem): Place {
    const argument = this.#all.get(String(name));
    if (!argument || !atKey) return this.place(name === undefined ? [] : [name, ...rest]);
    if (argument.keyOffset !== undefined) return argument.document.place(argument.path, argument.keyOffset);
    return argument.document.keyPlace([...argument.path, ...rest]);
  }
}
