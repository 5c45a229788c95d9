/** What a page opens over itself and another area draws: it is handed in by the routes. */

import type { ReactNode } from 'react';

interface OfJob {
  project: string;
  job: string;
  onClose: () => void;
}

export type JobDialog = (props: OfJob) => ReactNode;

/** The versions of a job; `onRestored` is told when one of them has become the draft. */
export type VersionsDialog = (props: OfJob & { onRestored: () => void }) => ReactNode;

export interface JobDialogs {
  RunDialog: JobDialog;
  Versions: VersionsDialog;
  /** Publishes and schedules. */
  Submit?: JobDialog;
}
