/** Image references: `registry/name:tag@sha256:...`, their parts and whether they are pinned. */

export interface Reference {
  /** With the registry, without tag and digest. */
  readonly repository: string;
  readonly tag?: string;
  /** `sha256:...` */
  readonly digest?: string;
}

/** Splits a reference; a colon before a slash is a registry's port. */
export function parseReference(reference: string): Reference {
  const [named = '', digest] = reference.split('@');
  const colon = named.lastIndexOf(':');
  const tagged = colon > named.lastIndexOf('/');
  return {
    repository: tagged ? named.slice(0, colon) : named,
    ...(tagged ? { tag: named.slice(colon + 1) } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The reference in full: the tag is `latest` when neither tag nor digest is given. */
export function fullReference(reference: string, tag = 'latest'): string {
  const parts = parseReference(reference);
  if (reference.startsWith('sha256:') || parts.tag !== undefined || parts.digest !== undefined)
    return reference;
  return tag.startsWith('sha256:') ? `${reference}@${tag}` : `${reference}:${tag}`;
}

/** True when the reference names one version: a digest, or a tag that is not `latest`. */
export function isPinned(reference: string): boolean {
  const { tag, digest } = parseReference(reference);
  return digest !== undefined || (tag !== undefined && tag !== 'latest');
}
