/** What was seen before a restore, and what is to be made of it. */
import type { Value, ValueMap } from '../../src/core/value.ts';
import type { Survey } from '../backup/survey.ts';
import type { ownNetworks } from './container-body.ts';
import type { Image } from './plan-image.ts';
import type { SeenPlace } from './plan-place.ts';
import type { SeenSource, Source } from './plan-source.ts';
import type { Identity } from './target.ts';
import type { Living } from './twin.ts';

export interface Seen extends SeenSource, SeenPlace {
  readonly survey: Survey;
  /** The container that has the name now. */
  readonly container: ValueMap | null;
  /** The one that has the name of the backup's instance: it may have the secrets. */
  readonly original: ValueMap | null;
  readonly images: readonly Value[];
  readonly networks: readonly Value[];
  readonly info: ValueMap;
  /** Plan mode, and earlier tasks would bring what is not there yet: Docker, an image, a program. */
  readonly supposed: boolean;
}

/** What is to be made. */
export interface Restoration {
  readonly source: Source;
  readonly target: Identity;
  readonly image: Image;
  readonly body: ValueMap;
  /** As docker's --restart has it. */
  readonly restart: string;
  /** Networks beyond the first, with what was asked of each. */
  readonly networks: ReturnType<typeof ownNetworks>;
  /** Those that the driver has to compare the backup with, since its identity is not known yet. */
  readonly unknown: readonly Living[];
  /** The restored instance is one of two, and kept from jobs and mail. */
  readonly twin: boolean;
}

/** What would be made, and what speaks against it. */
export type Draft = Pick<Restoration, 'target' | 'image' | 'body' | 'restart' | 'networks' | 'twin'> & {
  readonly problems: readonly string[];
};

/** Without a target there are problems only. */
export type Drafted = Draft | { readonly problems: readonly string[]; readonly target?: never };
