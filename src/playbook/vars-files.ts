/** vars_files: read now where their names are known, left for each host where a name is a template. */
import { existsSync } from 'node:fs';
import { holdsTemplate } from '../core/arguments.ts';
import type { Written } from '../core/play.ts';
import type { Layer, Value, ValueMap } from '../core/value.ts';
import { type Context, complain, type Path, written } from './context.ts';
import { besideFile, readYaml } from './files.ts';
import { complainAboutNames, layerOf, wantMap } from './layers.ts';
import { writtenList } from './values.ts';

interface VarsFiles {
  readonly layers: readonly Layer[];
  readonly varsFiles: readonly Written[];
}

export function compileVarsFiles(play: ValueMap, path: Path, context: Context): VarsFiles {
  const all = writtenList(play, 'vars_files', path, context);
  const later = all.filter(({ value }) => holdsTemplate(value));
  const now = all.filter(({ value }) => !holdsTemplate(value));
  return { layers: now.flatMap(item => readVars(item, context)), varsFiles: later };
}

function readVars({ value, path }: Written, context: Context): readonly Layer[] {
  const file = chooseFile(value, path, context);
  if (file === undefined) return [];
  const document = readYaml(file, context.report, context.document.place(path));
  if (!document) return [];
  const inside = { ...context, document };
  if (!wantMap(document.value, 'a file of variables', [], inside)) return [];
  complainAboutNames(document.value, [], inside);
  return [layerOf(file, written(inside, document.value, []))];
}

/** Of a list, the first that exists. */
function chooseFile(value: Value, path: Path, context: Context): string | undefined {
  const names = (Array.isArray(value) ? value : [value]).map(String);
  const files = names.map(name => besideFile(context.document.file, name));
  const [first, ...others] = files;
  const found = files.find(existsSync) ?? (others.length === 0 ? first : undefined);
  if (found === undefined) complain(context, `none of these files exists: ${files.join(', ')}`, path);
  return found;
}
