/** `-e`: key=value pairs, a JSON or YAML map, or @file. */
import { readFileSync } from 'node:fs';
import { type Diagnostic, errorAt } from '../core/diagnostic.ts';
import { isMap, type Layer, type ValueMap } from '../core/value.ts';
import { loadYaml } from '../core/yaml.ts';

export function parseExtraVars(
  texts: readonly string[],
): { layer: Layer } | { diagnostics: readonly Diagnostic[] } {
  const parsed = texts.map(parseOne);
  const diagnostics = parsed.flatMap(result => ('diagnostics' in result ? result.diagnostics : []));
  if (diagnostics.length > 0) return { diagnostics };
  const values: ValueMap = Object.assign(
    {},
    ...parsed.map(result => ('values' in result ? result.values : {})),
  );
  return { layer: { origin: '-e', values, templated: true } };
}

type Parsed = { values: ValueMap } | { diagnostics: readonly Diagnostic[] };

function parseOne(text: string): Parsed {
  if (text.startsWith('@')) return parseFile(text.slice(1));
  if (/^\s*[{[]/.test(text)) return parseMap('-e', text);
  return parsePairs(text);
}

function parseFile(file: string): Parsed {
  try {
    return parseMap(file, readFileSync(file, 'utf8'));
  } catch (error) {
    return {
      diagnostics: [errorAt(`-e @${file}: ${error instanceof Error ? error.message : String(error)}`)],
    };
  }
}

function parseMap(file: string, text: string): Parsed {
  const { value, diagnostics } = loadYaml(file, text);
  if (diagnostics.length > 0) return { diagnostics };
  return isMap(value)
    ? { values: value }
    : { diagnostics: [errorAt(`${file}: a map of variables is needed`)] };
}

/** Words as a shell would split them, each key=value; values stay strings, as with Ansible. */
function parsePairs(text: string): Parsed {
  const words = text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  const wrong = words.filter(word => !/^[A-Za-z_]\w*=/.test(word));
  if (words.length === 0 || wrong.length > 0) {
    return {
      diagnostics: [
        errorAt(
          `-e ${text}: ${wrong[0] ?? 'nothing'} is no key=value`,
          undefined,
          'write -e key=value, -e \'{"key": "value"}\' or -e @file.yml',
        ),
      ],
    };
  }
  const pairs = words.map(word => [
    word.slice(0, word.indexOf('=')),
    word.slice(word.indexOf('=') + 1).replace(/"([^"]*)"|'([^']*)'/g, '$1$2'),
  ]);
  return { values: Object.fromEntries(pairs) };
}
