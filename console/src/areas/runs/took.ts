/** How long a run took, or takes so far, and how fast it is. */

import type { Schemas } from '@/api/client';

type Timed = Pick<Schemas['Run'], 'startedAt' | 'endedAt'>;

export function tookSeconds(run: Timed): number | null {
  if (!run.startedAt) return null;
  const end = run.endedAt ? Date.parse(run.endedAt) : Date.now();
  return (end - Date.parse(run.startedAt)) / 1_000;
}

/** Rows per second over the whole time; nothing for what took no time. */
export function rowRate(run: Timed & Pick<Schemas['Run'], 'rowsWritten'>): number | null {
  const seconds = tookSeconds(run);
  return seconds === null || seconds < 0.1 ? null : run.rowsWritten / seconds;
}
