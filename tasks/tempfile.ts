/** The `tempfile` module: a new file or directory with a name that nobody else has. */
import { Type } from 'typebox';
import { Choice } from '../src/core/args.ts';
import { hostPath } from '../src/core/probes/host-path.ts';
import { parseStat, STAT_FORMAT } from '../src/core/probes/stat-line.ts';
import { sh } from '../src/core/sh.ts';
import { defineTask } from '../src/core/task-module.ts';

export const tempfile = defineTask({
  name: 'tempfile',
  summary: 'Make a temporary file or directory',
  description: 'Each run makes another one. Nobody but its owner may read it. It is not removed by itself.',
  args: Type.Object(
    {
      state: Choice(['file', 'directory'], 'What to make', 'file'),
      path: Type.Optional(Type.String({ description: "Where; by default the host's TMPDIR, or /tmp" })),
      prefix: Type.String({ description: 'How its name begins', default: 'ansible.' }),
      suffix: Type.String({ description: 'How its name ends', default: '' }),
    },
    { additionalProperties: false },
  ),
  examples: `
- name: A place to work
  tempfile:
    state: directory
    suffix: build
  register: place
`,
  returns: { path: 'Its path', 'mode, owner, group, uid, gid, size': 'Of what was made' },
  check: ({ prefix, suffix }) =>
    [prefix, suffix].some(part => /[/\0]/.test(part)) ? ['prefix and suffix cannot hold a slash'] : [],
  plan: ({ state, path, prefix, suffix }) => [
    {
      say: `make a temporary ${state}${path === undefined ? '' : ` in ${path}`}`,
      action: {
        kind: 'script',
        text: sh`folder=${path === undefined ? sh`"\${TMPDIR:-/tmp}"` : hostPath(path)}
umask 077
tries=0
while :; do
  name=$(od -An -N 6 -t x1 /dev/urandom | tr -d ' \n')
  made=\${folder%/}/${prefix}$name${suffix}
  if [ ${state} = directory ]; then mkdir -- "$made" 2>/dev/null && break
  else (set -C; : >"$made") 2>/dev/null && break; fi
  tries=$((tries + 1))
  if [ ! -d "$folder" ] || [ ! -w "$folder" ] || [ $tries -gt 10 ]; then
    echo "cannot make a "${state}" in $folder: there is no such folder, or this user may not write there" >&2
    exit 1
  fi
done
printf '%s\n%s\n' "$(stat -c ${STAT_FORMAT} -- "$made")" "$made"`,
      },
    },
  ],
  result: ({ state }, _, [output]) => {
    const [line = '', ...path] = (output?.stdout ?? '').replace(/\n$/, '').split('\n');
    const made = parseStat(line);
    if (made === undefined) return {};
    const { uid, gid, owner, group, mode, size } = made;
    return { path: path.join('\n'), uid, gid, owner, group, mode, size, state };
  },
});
