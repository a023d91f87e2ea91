import { describe, expect, it } from 'vitest';
import { didYouMean } from '../../src/core/suggest.ts';

describe('a misspelt word', () => {
  const cases: [word: string, candidates: string[], hint: string | undefined][] = [
    ['taks', ['tags', 'tasks'], 'did you mean "tasks"?'],
    ['regster', ['register', 'when'], 'did you mean "register"?'],
    ['Become', ['become', 'become_user'], 'did you mean "become"?'],
    ['become-user', ['become', 'become_user'], 'did you mean "become_user"?'],
    ['hosst', ['host', 'hosts'], 'did you mean "hosts"?'],
    ['x', ['y'], undefined],
    ['frobnicate', ['file', 'command'], undefined],
    ['file', [], undefined],
  ];
  it.each(cases)('%s of %j', (word, candidates, hint) => expect(didYouMean(word, candidates)).toBe(hint));
});
