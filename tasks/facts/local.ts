/** Facts that a host's administrators wrote: *.fact files, JSON or INI. */
import type { Value, ValueMap } from '../../src/core/value.ts';
import type { Gathered } from './output.ts';

/** For each file: GS name newline, content, FS exit code. */
export function localFacts(gathered: Gathered): ValueMap {
  const parts = gathered.section('local').split('\x1d').slice(1);
  return {
    local: Object.fromEntries(
      parts.map(part => {
        const [head = '', code = '0'] = part.split('\n\x1c');
        const end = head.indexOf('\n');
        const name = head.slice(0, end);
        return [
          name,
          Number(code) === 0
            ? parseFact(name, head.slice(end + 1))
            : `Failure executing fact script, exit code ${Number(code)}`,
        ] as const;
      }),
    ),
  };
}

function parseFact(name: string, text: string): Value {
  try {
    const value: Value = JSON.parse(text);
    return value;
  } catch {
    return parseIni(text) ?? `error loading facts as JSON or ini - please check content: ${name}.fact`;
  }
}

/** Sections of `key = value` or `key: value`; undefined for anything else. */
function parseIni(text: string): ValueMap | undefined {
  const sections: Record<string, ValueMap> = {};
  let current: ValueMap | undefined;
  for (const line of text.split('\n').map(one => one.trim())) {
    if (line === '' || /^[#;]/.test(line)) continue;
    const title = /^\[(.+)\]$/.exec(line)?.[1];
    const [, key, value] = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (title !== undefined) {
      current = {};
      sections[title] = current;
    } else if (current === undefined || key === undefined) return undefined;
    else current[key.toLowerCase()] = value ?? '';
  }
  return sections;
}
