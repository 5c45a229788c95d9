/** From counts at moments to rates between them. */

interface Sample {
  at: string;
  rowsWritten: number;
  bytes: number;
  /** The shares of the time that was waited for either side. */
  waitReader?: number | null | undefined;
  waitWriter?: number | null | undefined;
}

interface Rates {
  at: number[];
  rows: number[];
  mib: number[];
  /** In percent; null while nothing moved. */
  waitReader: (number | null)[];
  waitWriter: (number | null)[];
}

const MIB = 1_048_576;

/** Seconds since 1970, rows per second and MiB per second; the first moment has no rate before it. */
export function rates(samples: readonly Sample[]): Rates {
  const found: Rates = { at: [], rows: [], mib: [], waitReader: [], waitWriter: [] };
  let before: Sample | undefined;
  for (const sample of samples) {
    const seconds = before ? (Date.parse(sample.at) - Date.parse(before.at)) / 1_000 : 0;
    if (before && seconds > 0) {
      found.at.push(Date.parse(sample.at) / 1_000);
      // A run that was continued elsewhere may count anew, which is no negative rate.
      found.rows.push(Math.max(0, (sample.rowsWritten - before.rowsWritten) / seconds));
      found.mib.push(Math.max(0, (sample.bytes - before.bytes) / seconds / MIB));
      found.waitReader.push(percent(sample.waitReader));
      found.waitWriter.push(percent(sample.waitWriter));
    }
    before = sample;
  }
  return found;
}

function percent(share: number | null | undefined): number | null {
  return share === null || share === undefined ? null : Math.round(share * 100);
}
