/** From counts at moments to rates between them. */

interface Sample {
  at: string;
  rowsWritten: number;
  bytes: number;
}

const MIB = 1_048_576;

/** Seconds since 1970, rows per second and MiB per second; the first moment has no rate before it. */
export function rates(samples: readonly Sample[]): { at: number[]; rows: number[]; mib: number[] } {
  const found: { at: number[]; rows: number[]; mib: number[] } = { at: [], rows: [], mib: [] };
  let before: Sample | undefined;
  for (const sample of samples) {
    const seconds = before ? (Date.parse(sample.at) - Date.parse(before.at)) / 1_000 : 0;
    if (before && seconds > 0) {
      found.at.push(Date.parse(sample.at) / 1_000);
      // A run that was continued elsewhere may count anew, which is no negative rate.
      found.rows.push(Math.max(0, (sample.rowsWritten - before.rowsWritten) / seconds));
      found.mib.push(Math.max(0, (sample.bytes - before.bytes) / seconds / MIB));
    }
    before = sample;
  }
  return found;
}
