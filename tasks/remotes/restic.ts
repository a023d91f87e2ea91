/** Backups in a repository of restic (0.14 and later): one snapshot each, by the origin's host and tags, at the backup's time. */
import { joinSh, sh } from '../../src/core/sh.ts';
import type { Origin, RemoteDriver, ResticRemote } from './remote.ts';
import { callText, passwordOf, secretsOf, secretsText } from './restic-call.ts';
import { listText } from './restic-list.ts';
import { pushText } from './restic-push.ts';
import { setupText } from './restic-setup.ts';
import { fetchText, removeText, verifyText } from './restic-verify.ts';

/**
 * Beside `run`, `home` (the instance's .girofle; without it nothing is remembered) and `directory` (the instance's) are
 * used where they are set.
 */
export function resticDriver(remote: ResticRemote, origin: Origin): RemoteDriver {
  return {
    text: joinSh([
      sh`restic_append_only=${remote.append_only ? 'yes' : ''}`,
      callText(remote),
      listText(origin),
      setupText,
      pushText,
      verifyText(remote),
      removeText,
      fetchText,
    ]),
    files: {
      [secretsOf(remote)]: secretsText(remote).text,
      ...(remote.password === undefined ? {} : { [passwordOf(remote)]: remote.password }),
    },
    needs: [
      { program: 'restic', package: 'restic' },
      ...(remote.repository.startsWith('sftp:') ? [{ program: 'ssh', package: 'openssh-client' }] : []),
      ...(remote.repository.startsWith('rclone:') ? [{ program: 'rclone', package: 'rclone' }] : []),
    ],
  };
}
