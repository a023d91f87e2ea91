/** Images for tests, made of this machine's static busybox: a plain one, and the stand-in that the demo inventory uses. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { isMap, type ValueMap } from '../../src/core/value.ts';
import { dig, digList, digText } from '../../tasks/docker/dig.ts';
import { callDocker } from './run-docker-module.ts';

/** Arguments of docker_image for an image that holds busybox and nothing else. */
export function plainImage(name: string, changes: readonly string[] = []): ValueMap {
  const script = `set -e
tree=$(mktemp -d)
mkdir "$tree/bin" "$tree/tmp"
cp "$(command -v busybox)" "$tree/bin/busybox"
for name in sh sleep cat echo httpd wget env; do ln -s busybox "$tree/bin/$name"; done
tar -c -C "$tree" .
rm -rf "$tree"`;
  return {
    name,
    source: 'import',
    import: { script, changes: ['ENV PATH=/bin', 'ENV FROM_IMAGE=yes', 'CMD ["sleep", "1000"]', ...changes] },
  };
}

/** Arguments of docker_image as playbooks/tasks/stand-in.yml has them. */
export function standInImage(name: string, root: string): ValueMap {
  const tasks = parse(readFileSync('playbooks/tasks/stand-in.yml', 'utf8'));
  const recipe = dig(tasks[2], 'docker_image', 'import');
  if (!isMap(recipe)) throw new Error('playbooks/tasks/stand-in.yml has no recipe as its third task');
  const script = digText(recipe, 'script')
    .replace(/\{\{ girofle_root[^}]*\}\}/, root)
    .replace(/\{\{ gitlab_image[^}]*\}\}/, name.split(':').at(-1) ?? '');
  return { name, source: 'import', import: { script, changes: [...digList(recipe, 'changes')] } };
}

/** Removes images made by import that have lost their tag to a later one. */
export async function pruneImages(): Promise<void> {
  const filters = JSON.stringify({ dangling: ['true'], label: ['io.girofle.key'] });
  await callDocker({ method: 'POST', path: '/images/prune', query: { filters } });
}
