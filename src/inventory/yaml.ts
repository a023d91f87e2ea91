/** Reads a YAML inventory: groups with `hosts`, `vars` and `children`, nested. */
import { type Diagnostic, errorAt } from '../core/diagnostic.ts';
import { didYouMean } from '../core/suggest.ts';
import { isMap, type Value, type ValueMap } from '../core/value.ts';
import type { YamlDocument } from '../core/yaml.ts';
import { type Declaration, type Draft, originIn } from './declarations.ts';
import { expandHosts, isProblem } from './host-names.ts';

type Path = readonly (string | number)[];

const KEYS = ['hosts', 'vars', 'children'] as const;

interface Reading {
  readonly document: YamlDocument;
  readonly declarations: Declaration[];
  readonly diagnostics: Diagnostic[];
}

/** The document's own diagnostics are part of the draft's. */
export function parseYaml(document: YamlDocument): Draft {
  const reading: Reading = { document, declarations: [], diagnostics: [...document.diagnostics] };
  if (document.readable && document.value !== null) readTop(document.value, reading);
  return reading;
}

function readTop(value: Value, reading: Reading): void {
  const { document, diagnostics } = reading;
  if (!isMap(value)) {
    diagnostics.push(
      errorAt(
        'an inventory must be a map of groups',
        document.place([]),
        'begin with "all:", and "hosts:" or "children:" under it',
      ),
    );
  } else if (typeof value.plugin === 'string') {
    diagnostics.push(
      errorAt(
        'inventory plugins are not run',
        document.keyPlace(['plugin']),
        'write the hosts down, for instance what ansible-inventory --list --yaml prints',
      ),
    );
  } else {
    for (const [name, group] of Object.entries(value)) readGroup(name, group, [name], reading);
  }
}

function readGroup(name: string, value: Value, path: Path, reading: Reading): void {
  const { document, declarations, diagnostics } = reading;
  declarations.push({ kind: 'group', name });
  if (value === null) return;
  if (!isMap(value)) {
    diagnostics.push(
      errorAt(
        `the group "${name}" must be a map`,
        document.keyPlace(path),
        `its keys are ${KEYS.join(', ')}`,
      ),
    );
    return;
  }
  for (const [key, part] of Object.entries(value)) readPart(name, key, part, [...path, key], reading);
}

function readPart(group: string, key: string, part: Value, path: Path, reading: Reading): void {
  const { document, diagnostics } = reading;
  const known = KEYS.find(one => one === key);
  if (known === undefined) {
    diagnostics.push(
      errorAt(
        `unknown key "${key}" in the group "${group}"`,
        document.keyPlace(path),
        unknownKeyHint(group, key, part),
      ),
    );
    return;
  }
  const members = known === 'vars' || typeof part !== 'string' ? part : { [part]: null };
  if (members === null) return;
  if (isMap(members)) readMembers(group, known, members, path, reading);
  else
    diagnostics.push(
      errorAt(
        `${key} of the group "${group}" must be a map`,
        document.keyPlace(path),
        mapHint(known, members),
      ),
    );
}

function unknownKeyHint(group: string, key: string, part: Value): string {
  const looksLikeGroup = isMap(part) && KEYS.some(one => one in part);
  if (looksLikeGroup) return `a group inside "${group}" stands under "children:"`;
  return didYouMean(key, KEYS) ?? `its keys are ${KEYS.join(', ')}`;
}

function mapHint(key: (typeof KEYS)[number], members: Value): string {
  const first = Array.isArray(members) ? members[0] : undefined;
  if (key === 'vars') return 'write "name: value"';
  const name = typeof first === 'string' ? first : key === 'hosts' ? 'vm1' : 'web';
  return `write each with a colon and without a dash: "${name}:"`;
}

function readMembers(
  group: string,
  key: (typeof KEYS)[number],
  members: ValueMap,
  path: Path,
  reading: Reading,
): void {
  const { document, declarations } = reading;
  if (key === 'vars') {
    declarations.push({
      kind: 'vars',
      of: 'group',
      name: group,
      values: members,
      origin: originIn(document.file, 'group', group),
      place: document.keyPlace(path),
    });
    return;
  }
  for (const [name, value] of Object.entries(members)) {
    const place = document.keyPlace([...path, name]);
    if (key === 'hosts') readHosts(group, name, value, [...path, name], reading);
    else {
      readGroup(name, value, [...path, name], reading);
      declarations.push({ kind: 'child', parent: group, child: name, place });
    }
  }
}

function readHosts(group: string, entry: string, value: Value, path: Path, reading: Reading): void {
  const { document, declarations, diagnostics } = reading;
  const place = document.keyPlace(path);
  if (value !== null && !isMap(value)) {
    diagnostics.push(
      errorAt(
        `the variables of "${entry}" must be a map`,
        place,
        'write "name: value" under the host, or nothing',
      ),
    );
    return;
  }
  const hosts = expandHosts(entry);
  if (isProblem(hosts)) {
    diagnostics.push(errorAt(hosts.problem, place, hosts.hint));
    return;
  }
  for (const name of hosts.names) {
    const origin = originIn(document.file, 'host', name);
    declarations.push({
      kind: 'host',
      name,
      group,
      origin,
      ...(hosts.port === undefined ? {} : { port: hosts.port }),
    });
    declarations.push({ kind: 'vars', of: 'host', name, values: value ?? {}, origin, place });
  }
}
