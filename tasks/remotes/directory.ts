/** A remote that is a folder of the host: a mounted disk, or NFS. */
import { joinSh, sh } from '../../src/core/sh.ts';
import type { DirectoryRemote, Origin, RemoteDriver } from './remote.ts';
import { transferText } from './transfer.ts';
import { placeOf, treeText } from './tree.ts';

export function directoryDriver({ name, path }: DirectoryRemote, origin: Origin): RemoteDriver {
  const base = path.replace(/\/+$/, '');
  return {
    text: joinSh([
      sh`remote_name=${name} target= there_fake= there_base=${base} there_place=${`${base}/${placeOf(origin)}`}
there() {
  (
${treeText(path, origin)}
    tree "$@"
  ) </dev/null 2>"$run/there.err"
  there_code=$?
  if [ $there_code = 0 ]; then return 0; fi
  objection=$(tail -n 1 "$run/there.err")
  if [ $there_code = 1 ]; then return 1; fi
  return 2
}
carry() { rsync "$@"; }
lost() { :; }`,
      transferText,
    ]),
    files: {},
    needs: [{ program: 'rsync', package: 'rsync' }],
  };
}
