/** Reasons of dirty rows without the values that some of them quote. */

interface Counted {
  column?: string | null | undefined;
  reason: string;
  rowCount: number;
}

export interface Stem {
  column: string | null;
  /** What all its reasons begin with. */
  text: string;
  rowCount: number;
}

/** `duplicate key (id)=(5)` and `duplicate key (id)=(6)` are one; the most frequent comes first. */
export function stemsOf(reasons: readonly Counted[]): Stem[] {
  const stems = new Map<string, Stem>();
  for (const { column = null, reason, rowCount } of reasons) {
    const text = stemOf(reason);
    const key = `${column} ${text}`;
    const known = stems.get(key) ?? { column, text, rowCount: 0 };
    stems.set(key, { ...known, rowCount: known.rowCount + rowCount });
  }
  return [...stems.values()].toSorted((one, other) => other.rowCount - one.rowCount);
}

/** Databases put values in brackets, or in quotes behind a colon. */
function stemOf(reason: string): string {
  return /^(.+?)(?: \(|: ["'`“])/s.exec(reason)?.[1] ?? reason;
}
