/** Runs counted hour by hour, for a chart of the last day. */

export interface HourRun {
  state: string;
  queuedAt: string;
}

export interface Hour {
  /** When it began, in milliseconds since 1970. */
  begin: number;
  counts: Record<string, number>;
  total: number;
}

const HOUR = 3_600_000;

/** The last `length` hours up to now, oldest first; the last one is not over yet. */
export function byHour(runs: readonly HourRun[], now: number, length = 24): Hour[] {
  const last = Math.floor(now / HOUR) * HOUR;
  const hours = Array.from({ length }, (_, index): Hour => ({
    begin: last - (length - 1 - index) * HOUR,
    counts: {},
    total: 0,
  }));
  const first = hours[0]?.begin ?? last;
  for (const { state, queuedAt } of runs) {
    const hour = hours[Math.floor((Date.parse(queuedAt) - first) / HOUR)];
    if (!hour) continue;
    hour.counts[state] = (hour.counts[state] ?? 0) + 1;
    hour.total += 1;
  }
  return hours;
}
