/** Rows of text as a table for people. */

/** Columns as wide as their widest cell, two spaces apart. */
export function columns(rows: readonly (readonly string[])[]): string {
  const count = Math.max(0, ...rows.map(cells => cells.length));
  const widths = Array.from({ length: count }, (_, i) =>
    Math.max(...rows.map(cells => cells[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) => cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ');
  return rows.map(cells => line(cells).trimEnd()).join('\n');
}
