/** The driver of a remote, by the word that the operator chose. */
import { directoryDriver } from './directory.ts';
import type { Origin, Remote, RemoteDriver } from './remote.ts';
import { resticDriver } from './restic.ts';
import { rsyncDriver } from './rsync.ts';

export function driverOf(remote: Remote, origin: Origin): RemoteDriver {
  switch (remote.driver) {
    case 'directory':
      return directoryDriver(remote, origin);
    case 'rsync':
      return rsyncDriver(remote, origin);
    case 'restic':
      return resticDriver(remote, origin);
  }
}
