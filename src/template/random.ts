/** Random choices; with a seed the very ones that Python makes, so that `59 | random(seed=inventory_hostname)` agrees. */
import { createHash, randomInt } from 'node:crypto';
import { fail } from './errors.ts';
import { numberOf, Undefined, type V } from './values.ts';

/** A whole number from 0 to below `n`. */
type Below = (n: number) => number;

function source(seed: V | undefined): Below {
  if (seed === undefined || seed === null) return n => randomInt(n);
  const twister = new Twister(seedWords(seed));
  return n => {
    const bits = n.toString(2).length;
    for (;;) {
      const value = twister.bits(bits);
      if (value < n) return value;
    }
  };
}

/** How Python turns a seed into 32-bit words: a number as it is, a text with its SHA-512 behind it. */
function seedWords(seed: V): number[] {
  const number = typeof seed === 'string' ? undefined : numberOf(seed);
  if (number !== undefined)
    return Number.isInteger(number)
      ? words(BigInt(Math.abs(number)))
      : fail('a seed must be a text or an integer');
  if (typeof seed !== 'string') return fail('a seed must be a text or an integer');
  const bytes = Buffer.from(seed);
  const all = Buffer.concat([bytes, createHash('sha512').update(bytes).digest()]);
  return words(BigInt(`0x${all.toString('hex')}`));
}

function words(value: bigint): number[] {
  const list: number[] = [];
  for (let rest = value; rest > 0n; rest >>= 32n) list.push(Number(rest & 0xffffffffn));
  return list.length > 0 ? list : [0];
}

const SIZE = 624;
const SHIFT = 397;

/** The Mersenne Twister MT19937, seeded by an array. */
class Twister {
  private readonly state = new Uint32Array(SIZE);
  private index = SIZE;

  constructor(key: readonly number[]) {
    const { state } = this;
    state[0] = 19650218;
    for (let i = 1; i < SIZE; i += 1) state[i] = Math.imul(1812433253, this.mixed(i - 1)) + i;
    let i = 1;
    for (let k = 0; k < Math.max(SIZE, key.length); k += 1) {
      const j = k % key.length;
      state[i] = (this.at(i) ^ Math.imul(this.mixed(i - 1), 1664525)) + (key[j] ?? 0) + j;
      i = this.advance(i);
    }
    for (let k = 1; k < SIZE; k += 1) {
      state[i] = (this.at(i) ^ Math.imul(this.mixed(i - 1), 1566083941)) - i;
      i = this.advance(i);
    }
    state[0] = 0x80000000;
  }

  private at(i: number): number {
    return this.state[i % SIZE] ?? 0;
  }

  private mixed(i: number): number {
    return this.at(i) ^ (this.at(i) >>> 30);
  }

  private advance(i: number): number {
    if (i + 1 < SIZE) return i + 1;
    this.state[0] = this.at(SIZE - 1);
    return 1;
  }

  private twist(): void {
    for (let i = 0; i < SIZE; i += 1) {
      const y = (this.at(i) & 0x80000000) | (this.at(i + 1) & 0x7fffffff);
      this.state[i] = this.at(i + SHIFT) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.index = 0;
  }

  private next(): number {
    if (this.index >= SIZE) this.twist();
    let y = this.at(this.index);
    this.index += 1;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** That many random bits, at most 53. */
  bits(count: number): number {
    if (count <= 32) return this.next() >>> (32 - count);
    const low = this.next();
    return low + (this.next() >>> (64 - count)) * 2 ** 32;
  }
}

export function randomNumber(start: number, stop: number, step: number, seed: V | undefined): number {
  const count = Math.ceil((stop - start) / step);
  return count > 0 ? start + step * source(seed)(count) : fail('random has nothing to choose from');
}

export function chooseRandom(list: readonly V[], seed: V | undefined): V {
  if (list.length === 0) return new Undefined('the list is empty', 'random');
  return list[source(seed)(list.length)] ?? null;
}

export function shuffle(list: readonly V[], seed: V | undefined): V[] {
  const items = [...list];
  const below = source(seed === '' || seed === 0 ? undefined : seed);
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = below(i + 1);
    [items[i], items[j]] = [items[j] ?? null, items[i] ?? null];
  }
  return items;
}
