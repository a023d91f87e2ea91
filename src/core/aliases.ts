/** Other names of arguments: accepted by the schema, and turned into the proper name before a module sees them. */
import { type TObject, type TSchema, Type } from 'typebox';
import type { AnyTaskModule } from './task-module.ts';
import type { ValueMap } from './value.ts';

/** Other name → argument: `{ pkg: 'name' }`. */
export type Aliases = Readonly<Record<string, string>>;

/**
 * The module with its aliases in its schema. An argument that has aliases is no longer required by the schema, for any
 * of its names will do: `check` asks for it instead. A value given by an alias wins over the argument's default.
 */
export function withAliases(module: AnyTaskModule): AnyTaskModule {
  const { aliases, probe, check, result } = module;
  if (aliases === undefined) return module;
  const proper = (args: ValueMap) => rename(args, aliases);
  const needed = requiredNames(module.args).filter(name => Object.values(aliases).includes(name));
  return {
    ...module,
    args: acceptAliases(module.args, aliases),
    needed,
    check: args => {
      const absent = needed.filter(name => !(name in proper(args)));
      if (absent.length > 0) return absent.map(name => `missing argument "${name}"`);
      return check?.(proper(args)) ?? [];
    },
    plan: (args, seen, context) => module.plan(proper(args), seen, context),
    ...(probe === undefined ? {} : { probe: args => probe(proper(args)) }),
    ...(result === undefined
      ? {}
      : { result: (args, seen, outputs, context) => result(proper(args), seen, outputs, context) }),
  };
}

function rename(args: ValueMap, aliases: Aliases): ValueMap {
  const own = Object.entries(args).filter(([name]) => !(name in aliases));
  const other = Object.entries(args).filter(([name]) => name in aliases);
  return Object.fromEntries([
    ...own,
    ...other.map(([name, value]) => [aliases[name] ?? name, value] as const),
  ]);
}

/** Required and without a default: what a user must write. */
function requiredNames({ required, properties }: TObject): readonly string[] {
  const names: readonly string[] = required ?? [];
  return names.filter(name => !('default' in (properties[name] ?? {})));
}

function acceptAliases(schema: TObject, aliases: Aliases): TObject {
  const asked = requiredNames(schema).filter(name => !Object.values(aliases).includes(name));
  const properties = Object.entries(schema.properties).map(([name, property]) => {
    const defaulted = 'default' in property;
    return [name, asked.includes(name) || defaulted ? property : Type.Optional(property)] as const;
  });
  const others = Object.entries(aliases).map(
    ([alias, name]) => [alias, aliasOf(schema.properties[name], name)] as const,
  );
  return Type.Object(Object.fromEntries([...properties, ...others]), { additionalProperties: false });
}

function aliasOf(property: TSchema | undefined, name: string): TSchema {
  if (property === undefined) throw new Error(`an alias of the argument ${name}, which does not exist`);
  const plain = Object.fromEntries(Object.entries(property).filter(([key]) => key !== 'default'));
  return Type.Optional(Type.Unsafe({ ...plain, description: `Another name of \`${name}\`` }));
}
