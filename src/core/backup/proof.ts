/** What verified.json says, beside a backup's manifest: that the backup was proven, when and how. */
import { isMap } from '../value.ts';

export interface Proof {
  readonly format: 1;
  /** ISO 8601, UTC. */
  readonly utc: string;
  /** `verify`: every byte was read and compared; `drill`: it was restored and the instance came up. */
  readonly by: 'verify' | 'drill';
  /** Of manifest.json as it was then: with another one the proof is void. */
  readonly manifest: string;
}

/** The proof, or undefined where the text holds none. */
export function readProof(text: string): Proof | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isMap(value) || value.format !== 1) return undefined;
    const { utc, by, manifest } = value;
    if (typeof utc !== 'string' || typeof manifest !== 'string') return undefined;
    return by === 'verify' || by === 'drill' ? { format: 1, utc, by, manifest } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
