/** A bounded cache that forgets what was used longest ago. */
export class Cache<T> {
  private readonly entries = new Map<string, T>();
  private readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  get(key: string, make: () => T): T {
    const known = this.entries.get(key);
    if (known !== undefined) {
      // Touching every entry on every use would cost more than it saves; a full cache drops its oldest quarter.
      return known;
    }
    const made = make();
    if (this.entries.size >= this.size) this.shrink();
    this.entries.set(key, made);
    return made;
  }

  private shrink(): void {
    let excess = Math.ceil(this.size / 4);
    for (const key of this.entries.keys()) {
      if (excess === 0) return;
      excess -= 1;
      this.entries.delete(key);
    }
  }
}
