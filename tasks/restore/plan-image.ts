/** The image that a backup is restored with: GitLab starts on its data only with the same version and edition. */
import type { Manifest } from '../../src/core/backup/manifest.ts';
import type { Value } from '../../src/core/value.ts';
import { releaseOf } from '../backup/identity.ts';
import { digList, digMap, digText } from '../docker/dig.ts';
import { parseReference } from '../docker/reference.ts';

export interface Image {
  readonly reference: string;
  /** It has to be pulled first. */
  readonly pull: boolean;
}

export interface ImageChoice {
  readonly image: Image;
  readonly problems: readonly string[];
}

/**
 * @param asked instead of the backup's
 * @param images as Docker lists them
 * @param supposed plan mode: an earlier task may bring one
 */
export function chooseImage(
  asked: string | undefined,
  manifest: Manifest,
  images: readonly Value[],
  supposed = false,
): ImageChoice {
  const reference = asked ?? manifest.image.reference;
  const there = images.find(image => isNamed(image, reference));
  const same = images.find(image => digText(image, 'Id') === manifest.image.id);
  // It may have lost its name to a later one.
  const byId = asked === undefined && there === undefined && same !== undefined;
  const image = { reference: byId ? manifest.image.id : reference, pull: there === undefined && !byId };
  const found = there ?? (byId ? same : undefined);
  const local = !supposed && image.pull && asked === undefined && manifest.image.digests.length === 0;
  return {
    image,
    problems: [
      ...(local
        ? [
            `image ${reference} is not on this host, and no registry has it: it was made on the host of the backup (bring it by docker save and docker load, or name another of the same version with image)`,
          ]
        : []),
      ...(byId || digText(found, 'Id') === manifest.image.id
        ? []
        : versionProblems(reference, found, manifest)),
    ],
  };
}

/** @param image as Docker lists it */
function isNamed(image: Value, reference: string): boolean {
  const { repository, digest } = parseReference(reference);
  const name = digest === undefined ? reference : `${repository}@${digest}`;
  return [...digList(image, 'RepoTags'), ...digList(image, 'RepoDigests'), digText(image, 'Id')].includes(
    name,
  );
}

export function isThere(reference: string, images: readonly Value[]): boolean {
  return images.some(image => isNamed(image, reference));
}

function versionProblems(reference: string, image: Value | undefined, manifest: Manifest): readonly string[] {
  const Labels = digMap(image, 'Labels');
  const { release, edition } = releaseOf({ Config: { Image: reference, Labels } });
  const needed = versionOf(manifest);
  if (release === '' && needed !== '')
    return [
      `image ${reference}: neither its tag nor its label says which GitLab it holds, and the backup is of ${needed}`,
    ];
  const postgresql = digText(Labels, 'io.girofle.postgresql');
  return [
    ...(release === needed || needed === ''
      ? []
      : [
          `image ${reference} is GitLab ${release}, and the backup is of ${needed}: GitLab, and the PostgreSQL in it, start only with the same version`,
        ]),
    ...(edition === '' || editionOf(manifest) === '' || edition === editionOf(manifest)
      ? []
      : [
          `image ${reference} is GitLab ${names(edition)}, and the backup is of ${names(editionOf(manifest))}`,
        ]),
    ...(postgresql === '' || manifest.postgresql === '' || postgresql === manifest.postgresql
      ? []
      : [
          `image ${reference} has PostgreSQL ${postgresql}, and the backup's data is of PostgreSQL ${manifest.postgresql}`,
        ]),
  ];
}

/** What the data says of itself counts for more than what the image was called. */
export function versionOf({ gitlab }: Manifest): string {
  return /^\d+(?:\.\d+)*/.exec(gitlab.disk)?.[0] ?? gitlab.release;
}

function editionOf({ gitlab }: Manifest): string {
  return gitlab.disk.endsWith('-ee') ? 'ee' : gitlab.edition;
}

function names(edition: string): string {
  return edition === 'ee' ? 'Enterprise Edition' : 'Community Edition';
}

/** The backup itself: the version of its data is that of the image it ran with. */
export function halfUpgraded(manifest: Manifest): readonly string[] {
  const { release } = manifest.gitlab;
  const version = versionOf(manifest);
  return release === '' || version === '' || release === version
    ? []
    : [
        `the backup was made amid an upgrade: its data is of GitLab ${version}, its image ${manifest.image.reference} is ${release} (name an image of ${version} with image)`,
      ];
}
