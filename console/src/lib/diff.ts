/** What differs between two texts, line by line. */

export interface DiffLine {
  kind: 'same' | 'added' | 'removed';
  text: string;
  /** Its number in the older text; null when it is new. */
  before: number | null;
  /** Its number in the newer text; null when it is gone. */
  after: number | null;
}

/** All lines of both texts in order: the longest common lines stay, the others go or come. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (
    tail < old.length - head &&
    tail < now.length - head &&
    old[old.length - 1 - tail] === now[now.length - 1 - tail]
  ) {
    tail += 1;
  }
  const [rows, columns] = [old.length - head - tail, now.length - head - tail];
  const common = commonLengths(old.slice(head, head + rows), now.slice(head, head + columns));
  const lines: DiffLine[] = [];
  const say = (kind: DiffLine['kind'], left: number | null, right: number | null) =>
    lines.push({
      kind,
      text: (right === null ? old[left ?? 0] : now[right]) ?? '',
      before: left === null ? null : left + 1,
      after: right === null ? null : right + 1,
    });
  for (let line = 0; line < head; line += 1) say('same', line, line);
  let [row, column] = [0, 0];
  while (row < rows || column < columns) {
    const [left, right] = [head + row, head + column];
    if (row < rows && column < columns && old[left] === now[right]) {
      say('same', left, right);
      row += 1;
      column += 1;
    } else if (
      column >= columns ||
      (row < rows && at(common, row + 1, column) >= at(common, row, column + 1))
    ) {
      say('removed', left, null);
      row += 1;
    } else {
      say('added', null, right);
      column += 1;
    }
  }
  for (let line = 0; line < tail; line += 1) {
    say('same', old.length - tail + line, now.length - tail + line);
  }
  return lines;
}

/** The lines that differ with some around them; null stands for lines that were left out. */
export function withContext(lines: readonly DiffLine[], around: number): (DiffLine | null)[] {
  const near = new Set<number>();
  lines.forEach((line, index) => {
    if (line.kind === 'same') return;
    for (let it = index - around; it <= index + around; it += 1) near.add(it);
  });
  const shown: (DiffLine | null)[] = [];
  lines.forEach((line, index) => {
    if (near.has(index)) shown.push(line);
    else if (shown.at(-1) !== null) shown.push(null);
  });
  return near.size === 0 ? [] : shown;
}

/** How many lines two rests have in common, for every place that they may begin at. */
function commonLengths(old: readonly string[], now: readonly string[]): Uint32Array[] {
  const table = Array.from({ length: old.length + 1 }, () => new Uint32Array(now.length + 1));
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = now.length - 1; column >= 0; column -= 1) {
      const here = table[row];
      if (!here) continue;
      here[column] =
        old[row] === now[column]
          ? at(table, row + 1, column + 1) + 1
          : Math.max(at(table, row + 1, column), at(table, row, column + 1));
    }
  }
  return table;
}

function at(table: readonly Uint32Array[], row: number, column: number): number {
  return table[row]?.[column] ?? 0;
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  // The end of the last line begins no further one.
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
