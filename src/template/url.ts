/** The `urlsplit` filter: the parts of a URL as Python's urllib names them. */
import { fail, suggest } from './errors.ts';
import type { V, VMap } from './values.ts';

export function splitUrl(url: string, part: string): V {
  const [, scheme = '', rest = ''] = /^(?:([a-zA-Z][\w+.-]*):)?(.*)$/s.exec(url) ?? [];
  const [, netloc = '', path = '', query = '', fragment = ''] =
    /^(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(rest) ?? [];
  const at = netloc.lastIndexOf('@');
  const [, user, password] = at < 0 ? [] : (/^([^:]*)(?::(.*))?$/s.exec(netloc.slice(0, at)) ?? []);
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(netloc.slice(at + 1)) ?? [];
  const parts: VMap = {
    fragment,
    hostname: (bracketed ?? plain ?? '').toLowerCase() || null,
    netloc,
    password: password ?? null,
    path,
    port: port === undefined || port === '' ? null : Number(port),
    query,
    scheme: scheme.toLowerCase(),
    username: user ?? null,
  };
  if (part === '') return parts;
  const found = Object.hasOwn(parts, part) ? parts[part] : undefined;
  return found === undefined
    ? fail(`urlsplit: a URL has no part "${part}"`, suggest(part, Object.keys(parts)))
    : found;
}
