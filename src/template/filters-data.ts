/** Filters between values and their encodings: JSON, YAML, base64, digests, paths, addresses. */
import { createHash, getHashes } from 'node:crypto';
import { posix } from 'node:path';
import { fail, suggest } from './errors.ts';
import {
  type Filter,
  type Filters,
  filter,
  lenientFilter,
  listFrom,
  numberFrom,
  stringFrom,
  textFrom,
} from './filter-kit.ts';
import { fromJson, readIndent, readSeparators, toJson } from './json.ts';
import { prettyPrint } from './pprint.ts';
import { isTrue, need, repr, str, truth } from './python.ts';
import { splitUrl } from './url.ts';
import { pythonType, Tuple, Undefined, type V } from './values.ts';
import { fromYaml, fromYamlAll, toYaml } from './yaml.ts';

function jsonFilter(nice: boolean): Filter {
  const more =
    'ensure_ascii separators skipkeys allow_nan check_circular vault_to_text preprocess_unsafe default';
  return filter(`indent sort_keys ${more}`, (value, [indent, sortKeys, ascii, separators]) => {
    const space = readIndent(indent ?? (nice ? 4 : undefined));
    const given = readSeparators(separators);
    const [itemSeparator, keySeparator] = given ?? [nice || space !== undefined ? ',' : ', ', ': '];
    return toJson(value, {
      indent: space,
      sortKeys: sortKeys === undefined ? nice : truth(sortKeys),
      ascii: ascii === undefined || truth(ascii),
      itemSeparator,
      keySeparator,
    });
  });
}

/** Jinja's own: sorted, and safe inside HTML. */
const htmlJson = filter('indent', (value, [indent]) => {
  const space = readIndent(indent);
  const style = {
    indent: space,
    sortKeys: true,
    ascii: true,
    itemSeparator: space === undefined ? ', ' : ',',
    keySeparator: ': ',
  };
  return toJson(value, style).replace(/[<>&']/g, c => `\\u00${c.charCodeAt(0).toString(16)}`);
});

function yamlFilter(nice: boolean): Filter {
  const more =
    'width sort_keys default_flow_style explicit_start default_style line_break canonical allow_unicode explicit_end';
  return filter(`indent ${more}`, (value, [indent, width, sortKeys, flow, start, style]) => {
    const spaces = numberFrom(indent, nice ? 4 : 2, 'indent');
    return toYaml(value, {
      indent: spaces > 1 && spaces < 10 ? spaces : 2,
      width: numberFrom(width, 80, 'width'),
      sortKeys: sortKeys === undefined || truth(sortKeys),
      flow: flow === undefined || flow === null ? (nice ? false : undefined) : truth(flow),
      explicitStart: isTrue(start),
      defaultStyle: style === "'" || style === '"' ? style : '',
    });
  });
}

/** Python's names for digests, where they differ from OpenSSL's. */
const DIGESTS: Readonly<Record<string, string>> = {
  blake2b: 'blake2b512',
  blake2s: 'blake2s256',
  sha3_256: 'sha3-256',
  sha3_512: 'sha3-512',
};

function digest(value: V, name: string): string {
  const algorithm = DIGESTS[name] ?? name;
  if (!getHashes().includes(algorithm))
    fail(`unknown hash "${name}"`, suggest(name, ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']));
  return createHash(algorithm).update(textFrom(value)).digest('hex');
}

function encoding(value: V | undefined): BufferEncoding {
  const name = value === undefined ? 'utf-8' : str(value).toLowerCase();
  const known: Readonly<Record<string, BufferEncoding>> = {
    'utf-8': 'utf8',
    utf8: 'utf8',
    ascii: 'ascii',
    'latin-1': 'latin1',
    latin1: 'latin1',
    'iso-8859-1': 'latin1',
    'utf-16-le': 'utf16le',
  };
  return known[name] ?? fail(`unknown encoding "${name}"`);
}

function decode(text: string, name: BufferEncoding): string {
  if (/[^A-Za-z0-9+/=\s]/.test(text)) fail('b64decode: this is no base64');
  return Buffer.from(text, 'base64').toString(name);
}

function splitExtension(path: string): Tuple {
  const extension =
    /[^./][^/]*?(\.[^./]*)$/.exec(path.slice(path.lastIndexOf('/') + 1).replace(/^\.+/, 'x'))?.[1] ?? '';
  return Tuple.make([path.slice(0, path.length - extension.length), extension]);
}

function joinPaths(parts: readonly string[]): string {
  return parts.reduce((path, part) =>
    part.startsWith('/') ? part : path === '' || path.endsWith('/') ? path + part : `${path}/${part}`,
  );
}

function dirname(path: string): string {
  const head = path.slice(0, path.lastIndexOf('/') + 1);
  return /^\/*$/.test(head) ? head : head.replace(/\/+$/, '');
}

export const dataFilters: Filters = {
  to_json: jsonFilter(false),
  to_nice_json: jsonFilter(true),
  tojson: htmlJson,
  from_json: filter('', value => fromJson(value)),
  to_yaml: yamlFilter(false),
  to_nice_yaml: yamlFilter(true),
  from_yaml: filter('', value => fromYaml(value)),
  from_yaml_all: filter('', value => fromYamlAll(value)),
  b64encode: filter('encoding', (value, [name]) =>
    Buffer.from(textFrom(value), encoding(name)).toString('base64'),
  ),
  b64decode: filter('encoding', (value, [name]) => decode(textFrom(value), encoding(name))),
  hash: filter('hashtype', (value, [name]) => digest(value, name === undefined ? 'sha1' : str(name))),
  checksum: filter('', value => digest(value, 'sha1')),
  sha1: filter('', value => digest(value, 'sha1')),
  md5: filter('', value => digest(value, 'md5')),
  to_uuid: filter('namespace', (value, [namespace]) =>
    uuid5(textFrom(value), namespace === undefined ? '361E6D51-FAEC-444A-9079-341386DA8E2E' : str(namespace)),
  ),
  basename: filter('', value => stringFrom(value, 'a path').replace(/^.*\//s, '')),
  dirname: filter('', value => dirname(stringFrom(value, 'a path'))),
  splitext: filter('', value => splitExtension(stringFrom(value, 'a path'))),
  path_join: filter('', value =>
    typeof value === 'string'
      ? value
      : joinPaths(listFrom(value, 'what path_join takes').map(part => stringFrom(part, 'a part of a path'))),
  ),
  relpath: filter(
    'start',
    (value, [start]) =>
      posix.relative(start === undefined ? '' : str(start), stringFrom(value, 'a path')) || '.',
  ),
  urlsplit: filter('query', (value, [query]) =>
    splitUrl(textFrom(value), query === undefined ? '' : str(query)),
  ),
  type_debug: lenientFilter('', value =>
    value instanceof Undefined ? 'AnsibleUndefined' : pythonType(value),
  ),
  pprint: filter('', value => prettyPrint(need(value))),
  default: defaultFilter(),
  d: defaultFilter(),
  mandatory: lenientFilter('msg', (value, [message]) => {
    if (!(value instanceof Undefined)) return value;
    return fail(
      message === undefined || message === null
        ? `the mandatory variable '${value.name}' is not defined`
        : str(message),
    );
  }),
};

function defaultFilter(): Filter {
  return lenientFilter('default_value boolean', (value, [byDefault, boolean]) =>
    value instanceof Undefined || (isTrue(boolean) && !truth(value))
      ? byDefault === undefined
        ? ''
        : byDefault
      : value,
  );
}

function uuid5(text: string, namespace: string): string {
  const hex = namespace.replace(/[-{}]|^urn:uuid:/g, '');
  if (!/^[\da-f]{32}$/i.test(hex)) return fail(`to_uuid: ${repr(namespace)} is no UUID`);
  const bytes = createHash('sha1').update(Buffer.from(hex, 'hex')).update(text).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
