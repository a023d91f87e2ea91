/** The `slurp` module: the content of a file of the host, in base64. */
import { Type } from 'typebox';
import { all, mapProbe, ProbeError } from '../src/core/probe.ts';
import { fileBytes } from '../src/core/probes/content.ts';
import { pathState } from '../src/core/probes/path.ts';
import { defineTask } from '../src/core/task-module.ts';

/** Bytes; a larger file is fetched. */
const LARGEST = 8 * 1024 * 1024;

export const slurp = defineTask({
  name: 'slurp',
  looksOnly: true,
  summary: 'Read a file of the host, in base64',
  args: Type.Object(
    { src: Type.String({ description: 'The file', minLength: 1 }) },
    { additionalProperties: false },
  ),
  aliases: { path: 'src' },
  examples: `
- name: Which version it is
  slurp:
    src: /etc/app/version
  register: version

- debug:
    msg: "{{ version.content | b64decode }}"
`,
  returns: { content: 'The content, in base64', encoding: 'base64', source: 'The file' },
  probe: ({ src }) =>
    mapProbe(
      all({ at: pathState(src, { follow: true }), bytes: fileBytes(src, LARGEST) }),
      ({ at, bytes }) => {
        if (!at.exists) throw new ProbeError(`file not found: ${src}`);
        if (at.type === 'directory') throw new ProbeError(`source is a directory and must be a file: ${src}`);
        if (bytes === null) throw new ProbeError(`file is not readable: ${src}`);
        if (bytes === undefined) throw new ProbeError(`${src} is larger than 8 MiB: use fetch`);
        return bytes;
      },
    ),
  plan: () => [],
  result: ({ src }, bytes) => ({
    content: Buffer.from(bytes).toString('base64'),
    encoding: 'base64',
    source: src,
  }),
});
