/** How much memory the processes of a session have for themselves. */
import { readdirSync, readFileSync } from 'node:fs';

/** Bytes; what several share counts in each only as its part. */
export function memoryOf(session: number): number {
  const sizes = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => sizeIn(pid, session));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function sizeIn(pid: string, session: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]) !== session) return 0;
    return (
      Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024
    );
  } catch {
    return 0;
  }
}
