import { blockinfile } from '../../tasks/blockinfile.ts';
import { conforms } from '../support/conformance.ts';

conforms(blockinfile, {
  cases: [
    {
      does: 'puts a block at the end',
      given: 'printf "one" >f',
      args: { path: 'HERE/f', block: 'a\nb' },
      says: ['change the content of HERE/f'],
      leaves: {
        run: 'cat f',
        prints: 'one\n# BEGIN ANSIBLE MANAGED BLOCK\na\nb\n# END ANSIBLE MANAGED BLOCK\n',
      },
      returns: { msg: 'Block inserted' },
    },
    {
      does: 'changes the block where it stands',
      given: 'printf "one\\n# BEGIN x\\nold\\n# END x\\ntwo\\n" >f',
      args: { path: 'HERE/f', block: 'new', marker: '# {mark} x' },
      says: ['change the content of HERE/f'],
      leaves: { run: 'cat f', prints: 'one\n# BEGIN x\nnew\n# END x\ntwo\n' },
    },
    {
      does: 'leaves a block that is so already',
      given: 'printf "# BEGIN x\\na\\n# END x\\n" >f',
      args: { path: 'HERE/f', block: 'a', marker: '# {mark} x' },
      says: [],
    },
    {
      does: 'removes it with its marks',
      given: 'printf "one\\n# BEGIN x\\na\\n# END x\\ntwo\\n" >f',
      args: { path: 'HERE/f', state: 'absent', marker: '# {mark} x' },
      says: ['change the content of HERE/f'],
      leaves: { run: 'cat f', prints: 'one\ntwo\n' },
      returns: { msg: 'Block removed' },
    },
    {
      does: 'makes the file',
      args: { path: 'HERE/f', block: 'a', create: true },
      says: ['create HERE/f, mode 0644'],
      returns: { msg: 'File created' },
    },
  ],
  denials: [
    { when: 'the file does not exist', args: { path: 'HERE/f', block: 'a' }, says: 'HERE/f does not exist' },
  ],
  wrong: [
    {
      args: { path: '/x', insertafter: 'a', insertbefore: 'b' },
      says: ['insertafter and insertbefore exclude each other'],
    },
    { args: { path: '/x', validate: 'true' }, says: ['validate must contain %s: true'] },
  ],
});
