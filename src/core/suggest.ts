/** "Did you mean ...?": the word that someone probably wanted to write. */
import leven from 'leven';

/** The nearest candidate, when it is near enough to be what was meant. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = distanceBetween(word, candidate);
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

/** The hint of a diagnostic: `did you mean "state"?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const meant = nearest(word, candidates);
  return meant === undefined ? undefined : `did you mean "${meant}"?`;
}

/** Another case, or a dash for an underscore, is half a mistake. */
function distanceBetween(word: string, candidate: string): number {
  const plain = (text: string) => text.toLowerCase().replaceAll('-', '_');
  return plain(word) === plain(candidate) ? 0.5 : leven(word, candidate);
}
