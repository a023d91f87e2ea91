import { shell } from '../../tasks/shell.ts';
import { conforms } from '../support/conformance.ts';

conforms(shell, {
  cases: [
    {
      does: 'runs a script of several lines',
      args: { cmd: 'a=$((1+2))\necho "$a" | sed s/3/three/\ncat <<END\n$a\nEND' },
      repeats: true,
      says: ['run: a=$((1+2)) …'],
      returns: { stdout: 'three\n3', stdout_lines: ['three', '3'], rc: 0 },
    },
    {
      does: 'is not seen in a command line',
      args: { cmd: 'secret=unseen-words; ps -ef 2>/dev/null | grep -c "[u]nseen-words"; true' },
      repeats: true,
      says: ['run: secret=unseen-words; ps -ef 2>/dev/null | grep -c "[u]nseen-words"; true'],
      returns: { stdout: '0' },
    },
    {
      does: 'takes another shell',
      args: { cmd: 'a=(x y); echo "${a[1]} $0"; cat', executable: '/bin/bash', stdin: 'in' },
      repeats: true,
      says: ['run: a=(x y); echo "${a[1]} $0"; cat'],
      returns: { stdout: 'y /bin/bash\nin' },
    },
    {
      does: 'goes to a directory and makes a mark',
      given: 'mkdir "d e"',
      args: { cmd: 'cat > mark', chdir: 'HERE/d e', creates: 'mark', stdin: 'x' },
      says: ['run: cat > mark'],
      leaves: { run: 'cat d*/mark', prints: 'x\n' },
    },
  ],
  denials: [
    { when: 'a script that fails', args: { cmd: 'exit 7' }, says: 'non-zero return code' },
    { when: 'a script with an open quote', args: { cmd: 'echo "' }, says: 'non-zero return code' },
  ],
  wrong: [{ args: { cmd: ' ' }, says: ['no command given'] }],
});
