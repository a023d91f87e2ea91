/** What templates read of the controller: files by `lookup`, and templates that they include. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Unknown, UnknownValueError, type Value } from '../core/value.ts';
import { evaluate, type Scope, TemplateError } from '../template/template.ts';

/** A template that another one includes: in templates/ of the folders, or in these themselves. */
export function loadTemplate(
  name: string,
  folders: readonly string[],
): { name: string; text: string } | undefined {
  return readFirst(name, 'templates', folders);
}

function readFirst(
  name: string,
  subfolder: string,
  folders: readonly string[],
): { name: string; text: string } | undefined {
  for (const path of folders.flatMap(folder => [resolve(folder, subfolder, name), resolve(folder, name)])) {
    const text = readText(path);
    if (text !== undefined) return { name: path, text };
  }
  return undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The look-ups that read the controller without changing anything. */
export function lookupPlugin(
  scope: Scope,
  folders: readonly string[],
  [plugin, ...terms]: readonly Value[],
  named: Readonly<Record<string, Value>>,
): Value {
  const values = terms
    .flatMap(asList)
    .map(term => lookupOne(scope, folders, String(plugin), String(term), named));
  if (named.wantlist === true) return values;
  return values.length === 1 ? (values[0] ?? null) : values.join(',');
}

function lookupOne(
  scope: Scope,
  folders: readonly string[],
  plugin: string,
  term: string,
  named: Readonly<Record<string, Value>>,
): Value {
  switch (plugin.replace(/^ansible\.builtin\./, '')) {
    case 'env':
      return process.env[term] ?? named.default ?? '';
    case 'file': {
      const { text } = readFirst(term, 'files', folders) ?? {};
      if (text === undefined)
        throw new TemplateError(`lookup('file', '${term}'): no such file beside the playbook or in files/`);
      return text.trimEnd();
    }
    case 'vars':
      return lookupVariable(scope, term, named.default);
    default:
      throw new TemplateError(`lookup plugin '${plugin}' is not supported: there are env, file and vars`);
  }
}

function lookupVariable(scope: Scope, name: string, otherwise: Value | undefined): Value {
  if (/^[A-Za-z_]\w*$/.test(name) && scope.lookup(name) !== undefined) {
    const value = evaluate(name, scope);
    if (value instanceof Unknown) throw new UnknownValueError(value.origin);
    return value;
  }
  if (otherwise === undefined) throw new TemplateError(`lookup('vars', '${name}'): '${name}' is undefined`);
  return otherwise;
}

function asList(value: Value): Value[] {
  return Array.isArray(value) ? value : [value];
}
