/** Pulling an image: one step, whichever module needs it. */
import type { DockerCall } from '../../src/core/docker.ts';
import type { Step } from '../../src/core/step.ts';
import { parseReference } from './reference.ts';

export type RegistryLogin = NonNullable<DockerCall['auth']>;

/** @param limit seconds */
export function pullStep(
  reference: string,
  options: { readonly platform?: string; readonly login?: RegistryLogin; readonly limit?: number } = {},
): Step {
  const { repository, tag, digest } = parseReference(reference);
  const query = {
    fromImage: repository,
    tag: digest ?? tag ?? 'latest',
    ...(options.platform === undefined ? {} : { platform: options.platform }),
  };
  return {
    say: `pull ${reference}`,
    streams: true,
    action: {
      kind: 'docker',
      call: {
        method: 'POST',
        path: '/images/create',
        query,
        answer: 'progress',
        limit: options.limit ?? 3600,
        ...(options.login === undefined ? {} : { auth: options.login }),
      },
    },
  };
}
