/** Runs counted by state over time. */

interface Counted {
  queuedAt: string;
  startedAt?: string | null | undefined;
  state: string;
}

export interface Bar {
  from: number;
  to: number;
  /** How many there are of each state. */
  counts: Record<string, number>;
  total: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WIDTHS = [5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 12 * HOUR, DAY, 7 * DAY, 30 * DAY];
const MOST_BARS = 48;

/** Bars of one width from the earliest run to the latest one; the narrowest width that gives no more than 48. */
export function barsOf(runs: readonly Counted[]): Bar[] {
  const moments = runs.map((run) => Date.parse(run.startedAt ?? run.queuedAt));
  if (moments.length === 0) return [];
  const first = Math.min(...moments);
  const last = Math.max(...moments);
  const width = WIDTHS.find((one) => (last - first) / one < MOST_BARS - 1) ?? 365 * DAY;
  const start = Math.floor(first / width) * width;
  const bars: Bar[] = [];
  for (let from = start; from <= last; from += width) {
    bars.push({ from, to: from + width, counts: {}, total: 0 });
  }
  for (const [index, run] of runs.entries()) {
    const bar = bars[Math.floor(((moments[index] ?? first) - start) / width)];
    if (!bar) continue;
    bar.counts[run.state] = (bar.counts[run.state] ?? 0) + 1;
    bar.total += 1;
  }
  return bars;
}

/** The state that somebody must look at first. */
const GRAVEST = ['failed', 'stopped', 'running', 'queued', 'waiting', 'skipped', 'succeeded'];

export function gravest(states: readonly string[]): string {
  return GRAVEST.find((state) => states.includes(state)) ?? states[0] ?? '';
}
