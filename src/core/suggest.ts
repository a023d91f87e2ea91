/** "Did you mean ...?": the word that someone probably wanted to write. */
import leven from 'leven';

/** The nearest candidate, when it is near enough to be what was meant. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = word.length < 3 ? 1 : Math.floor(word.length / 3) + 1;
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

/** Another case, or a dash for an underscore, is half a mistake; swapped letters are one; a missing letter is less than a wrong one. */
function distanceBetween(word: string, candidate: string): number {
  const [written, meant] = [plain(word), plain(candidate)];
  if (written === meant) return 0.5;
  const distance = leven(written, meant);
  if (letters(written) === letters(meant)) return Math.min(distance, 0.75);
  return distance === Math.abs(written.length - meant.length) ? distance - 0.1 : distance;
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll('-', '_');
}

function letters(text: string): string {
  return [...text].sort().join('');
}
