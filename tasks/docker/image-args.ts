/** The arguments of docker_image. */
import { type Static, Type } from 'typebox';
import { Choice, Flag } from '../../src/core/args.ts';
import { login, scalars } from './container-args.ts';
import { Size } from './units.ts';

const build = Type.Object(
  {
    path: Type.String({ description: 'Folder on the controller that is the build context' }),
    dockerfile: Type.Optional(Type.String({ description: 'Dockerfile, relative to the path' })),
    args: scalars('Build arguments'),
    labels: scalars('Labels'),
    target: Type.Optional(Type.String({ description: 'Stage to build' })),
    pull: Flag('Pull newer base images', false),
    nocache: Flag('Do not use the build cache', false),
    rm: Flag('Remove intermediate containers', true),
    network: Type.Optional(Type.String({ description: 'Network of the build' })),
    shm_size: Type.Optional(Size('Size of /dev/shm during the build')),
    platform: Type.Optional(Type.String({ description: 'Platform to build for' })),
  },
  { additionalProperties: false, description: 'How to build it' },
);

const fromScript = Type.Object(
  {
    script: Type.String({
      description: "Shell script that runs on the host and writes the image's files to stdout, as a tar",
    }),
    changes: Type.Optional(
      Type.Array(Type.String(), {
        description: 'The configuration, as instructions of a Dockerfile: CMD, ENV, EXPOSE, HEALTHCHECK ...',
      }),
    ),
    key: Type.Optional(
      Type.String({
        description: 'Version of the recipe: another one imports anew; by default made of script and changes',
      }),
    ),
  },
  { additionalProperties: false, description: 'How to make it without a registry' },
);

export const imageArgs = Type.Object(
  {
    name: Type.String({ description: 'Image, with or without tag or digest (name@sha256:...)' }),
    tag: Type.String({ description: 'Tag when the name has none; or a digest', default: 'latest' }),
    state: Choice(['present', 'absent'], 'Whether it is there', 'present'),
    source: Type.Optional(
      Choice(
        ['pull', 'build', 'import', 'load', 'local'],
        'Where it comes from: the registry, or what is given; local: it must be there already',
      ),
    ),
    build: Type.Optional(build),
    import: Type.Optional(fromScript),
    load_path: Type.Optional(Type.String({ description: 'Tar on the host, made by docker save' })),
    force_source: Flag(
      'Pull, build, import or load again; a pull only when the registry has another image by this name',
      false,
    ),
    force_absent: Flag('Remove it even when containers or other tags use it', false),
    platform: Type.Optional(Type.String({ description: 'Platform to pull for, such as linux/arm64' })),
    login,
    timeout: Type.Number({ description: 'Seconds for a pull, a build or an import', default: 3600 }),
  },
  { additionalProperties: false },
);

export type ImageArgs = Static<typeof imageArgs>;
