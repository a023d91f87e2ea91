/** Copies a folder of the controller: what to look at on the host, and the steps for what differs there. */
import { join } from 'node:path/posix';
import type { Probe, TreeEntry } from '../../src/core/probe.ts';
import { all } from '../../src/core/probe.ts';
import type { PathState } from '../../src/core/probes/path.ts';
import { missingFolders, pathState } from '../../src/core/probes/path.ts';
import { sh } from '../../src/core/sh.ts';
import type { Step } from '../../src/core/step.ts';
import type { Plan } from '../../src/core/task-module.ts';
import { isRefusal, refuse } from '../../src/core/task-module.ts';
import type { FileArgs } from './file-attributes.ts';
import { attributeSteps } from './file-attributes.ts';
import type { PlaceArgs, Target } from './place-file.ts';
import { folderSteps, lookAtTarget, placeFile } from './place-file.ts';

export interface TreeArgs extends PlaceArgs {
  readonly directory_mode?: string;
}

type FileEntry = Extract<TreeEntry, { type: 'file' }>;
type FolderEntry = Extract<TreeEntry, { type: 'directory' }>;
type LinkEntry = Extract<TreeEntry, { type: 'link' }>;

export interface TreePlace {
  /** The folder of the host that gets the entries. */
  readonly root: PathState;
  readonly folders: readonly { readonly entry: FolderEntry; readonly at: PathState }[];
  readonly files: readonly { readonly entry: FileEntry; readonly at: Target }[];
  readonly links: readonly { readonly entry: LinkEntry; readonly at: PathState }[];
}

/** Looks only at what will be written: other files in the same place are nobody's business. */
export function lookAtTree(args: PlaceArgs, dest: string, tree: readonly TreeEntry[]): Probe<TreePlace> {
  const inside = { ...args, follow: false };
  return all({
    root: pathState(dest, { follow: true }),
    folders: every(
      tree.filter(entry => entry.type === 'directory'),
      ({ path }) => pathState(join(dest, path), { follow: true }),
    ),
    files: every(
      tree.filter(entry => entry.type === 'file'),
      ({ relative, sha1 }) => lookAtTarget(join(dest, relative), inside, sha1),
    ),
    links: every(
      tree.filter(entry => entry.type === 'link'),
      ({ path }) => pathState(join(dest, path)),
    ),
  });
}

function every<E extends TreeEntry, T>(
  entries: readonly E[],
  lookAt: (entry: E) => Probe<T>,
): Probe<{ entry: E; at: T }[]> {
  const probes = entries.map(entry => ({ entry, probe: lookAt(entry) }));
  return {
    requests: probes.flatMap(({ probe }) => probe.requests),
    read: (answers, suppose) => {
      let from = 0;
      return probes.map(({ entry, probe }) => {
        const start = from;
        from += probe.requests.length;
        return { entry, at: probe.read(answers.slice(start, from), suppose) };
      });
    },
  };
}

/** Directories first, then files, then links. */
export function copyTree(args: TreeArgs, place: TreePlace): Plan {
  const blocked = [{ at: place.root }, ...place.folders].find(
    ({ at }) => at.exists && at.type !== 'directory',
  );
  if (blocked) return refuse(`cannot copy into ${blocked.at.path}: it is not a directory`);
  const { mode: _fileMode, ...others } = args;
  const folderArgs: FileArgs = {
    ...others,
    ...(args.directory_mode === undefined ? {} : { mode: args.directory_mode }),
  };
  const steps: Step[] = [...makeFolders(folderArgs, place, args.directory_mode)];
  for (const { at } of place.folders) if (at.exists) steps.push(...attributeSteps(folderArgs, at));
  for (const { entry, at } of place.files) {
    const wanted = {
      content: entry.content,
      sha1: entry.sha1,
      ...(args.mode === 'preserve' ? { mode: entry.mode } : {}),
    };
    const file = { ...args, dest: at.self.path, follow: false };
    const plan = placeFile(file, { direct: at, inside: undefined }, wanted);
    if (isRefusal(plan)) return plan;
    steps.push(...plan);
  }
  for (const { entry, at } of place.links) {
    if (at.exists && at.type === 'directory')
      return refuse(`refusing to replace the directory ${at.path} by a link`);
    if (at.exists && (at.target === entry.target || !args.force)) continue;
    steps.push({
      say: `${at.exists ? 'change' : 'create'} link ${at.path} → ${entry.target}`,
      action: { kind: 'script', text: sh`ln -sfn -- ${entry.target} ${at.path}` },
    });
  }
  return steps;
}

/** One step for all directories that are missing, each after the one that it is in. */
function makeFolders(
  args: FileArgs,
  { root, folders }: TreePlace,
  mode: string | undefined,
): readonly Step[] {
  const missing = folders.flatMap(({ at }) => (at.exists ? [] : [at.path]));
  const above = root.exists ? [] : missingFolders(root);
  return folderSteps(args, [...above, ...missing.sort()], mode, root.umask);
}

/** What is registered: as Ansible's, the directory that was asked for, with a slash. */
export function treeResult({ dest }: TreeArgs) {
  return { dest: dest.endsWith('/') ? dest : `${dest}/` };
}
