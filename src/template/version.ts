/** Comparing versions: loose as Debian and Red Hat number things, strict, semantic, or Python's PEP 440. */
import { fail } from './errors.ts';

type Part = string | number;

export type VersionType = 'loose' | 'strict' | 'semver' | 'semantic' | 'pep440';

export function compareVersions(a: string, b: string, type: VersionType): number {
  const order = type === 'loose' ? loose : type === 'strict' ? strict : type === 'pep440' ? pep440 : semantic;
  return compareParts(order(a), order(b), a, b);
}

/** Numbers and texts in turn; a number and a text at the same place have no order. */
function loose(version: string): Part[] {
  const parts = version.match(/\d+|[a-z]+|\.|[^\d.a-z]+/g) ?? [];
  return parts.filter(part => part !== '.').map(part => (/^\d+$/.test(part) ? Number(part) : part));
}

/** 1.2, 1.2.3, 1.2a1; a release sorts after its pre-releases. */
function strict(version: string): Part[] {
  const [, major, minor, patch, stage, number] =
    /^(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?$/.exec(version) ?? [];
  if (major === undefined) return fail(`"${version}" is no strict version`, 'write 1.2, 1.2.3 or 1.2a1');
  return [Number(major), Number(minor), Number(patch ?? 0), stage ?? 'c', Number(number ?? 0)];
}

const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*))*))?(?:\+[\da-zA-Z.-]+)?$/;

function semantic(version: string): Part[] {
  const [, major, minor, patch, pre] = SEMVER.exec(version) ?? [];
  if (major === undefined) return fail(`"${version}" is no semantic version`, 'write 1.2.3 or 1.2.3-rc.1');
  const numbers = [Number(major), Number(minor), Number(patch)];
  if (pre === undefined) return [...numbers, 1];
  // Numeric identifiers come before words; a longer list of identifiers after its own beginning.
  const identifiers = pre
    .split('.')
    .flatMap<Part>(part => (/^\d+$/.test(part) ? [0, Number(part)] : [1, part]));
  return [...numbers, 0, ...identifiers];
}

const PEP440 =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z\d]+(?:[-_.][a-z\d]+)*))?$/i;

function pep440(version: string): Part[] {
  const found = PEP440.exec(version.trim());
  if (!found) return fail(`"${version}" is no PEP 440 version`);
  const [, epoch, release = '', pre, preNumber, implicitPost, post, postNumber, dev, devNumber] = found;
  const numbers = release
    .replace(/(?:\.0+)+$/, '')
    .split('.')
    .map(Number);
  const padded = [...numbers, ...Array.from({ length: Math.max(0, 8 - numbers.length) }, () => 0)];
  const stages: Readonly<Record<string, number>> = {
    a: 1,
    alpha: 1,
    b: 2,
    beta: 2,
    c: 3,
    rc: 3,
    pre: 3,
    preview: 3,
  };
  const isPost = implicitPost !== undefined || post !== undefined;
  const stage = pre !== undefined ? (stages[pre.toLowerCase()] ?? 3) : dev !== undefined && !isPost ? 0 : 4;
  return [
    Number(epoch ?? 0),
    ...padded,
    stage,
    Number(preNumber ?? 0),
    isPost ? Number(implicitPost ?? postNumber ?? 0) + 1 : 0,
    dev === undefined ? 1 : 0,
    Number(devNumber ?? 0),
  ];
}

function compareParts(a: readonly Part[], b: readonly Part[], left: string, right: string): number {
  for (const [i, part] of a.entries()) {
    const other = b[i];
    if (other === undefined) return 1;
    if (part === other) continue;
    if (typeof part !== typeof other)
      return fail(`the versions "${left}" and "${right}" cannot be compared`, "try version_type='semver'");
    return part < other ? -1 : 1;
  }
  return a.length - b.length;
}
