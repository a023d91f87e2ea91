/** A remote that is a folder of another machine, reached by rsync over SSH. */
import { joinSh, type Sh, sh } from '../../src/core/sh.ts';
import type { Origin, RemoteDriver, RsyncRemote } from './remote.ts';
import { transferText } from './transfer.ts';
import { placeOf, treeText } from './tree.ts';

/** In double quotes for ssh's own reading of `-o`. */
const quoted = (file: string) => `"${file.replaceAll('"', '\\"')}"`;

function optionsOf({ port, key_file, known_hosts_file }: RsyncRemote): readonly string[] {
  const settings = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'ConnectTimeout=20',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=4',
    // One handshake for all that follows within seconds. A relative path, for a socket's may not be long.
    'ControlMaster=auto',
    'ControlPath=ssh.control',
    'ControlPersist=5',
    'ClearAllForwardings=yes',
    ...(known_hosts_file === undefined
      ? []
      : [`UserKnownHostsFile=${quoted(known_hosts_file)}`, 'GlobalKnownHostsFile=/dev/null']),
    ...(key_file === undefined ? [] : ['IdentitiesOnly=yes']),
  ];
  return [
    ...settings.flatMap(setting => ['-o', setting]),
    '-p',
    String(port),
    ...(key_file === undefined ? [] : ['-i', key_file]),
  ];
}

/**
 * `call_ssh WORDS`: in the run's folder, where the shared connection's socket is. `there` sends the text of the tree by stdin, and
 * words that need no quotes. `carry` has what is not root over there keep owners in attributes (--fake-super).
 */
const waysText: Sh = sh`write_ssh() { [ -f "$run/ssh.sh" ] || printf '%s\n' "$ssh_line" >"$run/ssh.sh"; }
there() {
  write_ssh || { objection="$run cannot be written"; return 2; }
  { printf '%s\n' "$tree_text"; printf 'tree'; printf ' %s' "$@"; printf ' </dev/null\nexit $?\n'; } |
    (cd "$run" && sh ./ssh.sh -T -l "$there_user" -- "$there_host" 'exec sh -s') 2>"$run/there.err"
  there_code=$?
  if [ $there_code = 0 ]; then return 0; fi
  if [ $there_code = 255 ]; then lost 255 "$run/there.err"; return; fi
  objection=$(tail -n 1 "$run/there.err")
  if [ $there_code = 1 ]; then return 1; fi
  if [ $there_code != 2 ]; then objection="its shell ended with code $there_code: $objection"; fi
  return 2
}
carry() {
  write_ssh || return 2
  if [ -n "$there_fake" ]; then set -- -M--fake-super "$@"; fi
  (cd "$run" && exec rsync -s -e "sh ./ssh.sh -l $there_user" "$@")
}
lost() {
  words=$(grep -v '^Warning: \|^rsync\|^\*\|^ *$' "$2" | tail -n 1 | tr -d '\r' | head -c 300)
  case $(cat "$2") in
    *'IDENTIFICATION HAS CHANGED'*|*'host key for'*'has changed'*)
      objection="the key of $there_host is not the one that is known ($known_file): somebody else may answer there"
      return 2 ;;
    *'Host key verification failed'*|*'host key is known'*)
      objection="the key of $there_host is not known: compare what ssh-keyscan -p $there_port $there_host shows with that machine's own, and put it into $known_file"
      return 2 ;;
    *'not accessible: No such file'*) objection="the key $key_named is not there"; return 2 ;;
    *'UNPROTECTED PRIVATE KEY'*) objection="the key $key_named may be read by others: chmod 600"; return 2 ;;
    *'Permission denied ('*) objection="$there_host does not let $there_user in with $key_named"; return 2 ;;
    *'ssh: not found'*) objection='ssh is not on this host'; return 2 ;;
  esac
  case $1 in 255|12|10|30|35) ;; *) return 0 ;; esac
  objection="no connection to $there_host: \${words:-it was cut}"
  return 1
}`;

export function rsyncDriver(remote: RsyncRemote, origin: Origin): RemoteDriver {
  const { name, host, port, user, path, key_file, known_hosts_file } = remote;
  const base = path.replace(/\/+$/, '');
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return {
    text: joinSh([
      sh`remote_name=${name} there_host=${bare} there_port=${port} there_user=${user} there_fake=${user === 'root' ? '' : 'yes'}
target=${bare.includes(':') ? `[${bare}]:` : `${bare}:`} there_base=${base} there_place=${`${base}/${placeOf(origin)}`}
known_file=${known_hosts_file ?? '/root/.ssh/known_hosts'} key_named=${key_file ?? "root's own keys"}
ssh_line=${sh`exec ssh ${optionsOf(remote)} "$@"`.text}
tree_text=${treeText(path, origin).text}`,
      waysText,
      transferText,
    ]),
    files: {},
    needs: [
      { program: 'rsync', package: 'rsync' },
      { program: 'ssh', package: 'openssh-client' },
    ],
  };
}
