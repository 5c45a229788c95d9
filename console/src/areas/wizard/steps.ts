import type { Problem } from '@/api/client';
import type { Draft } from './draft';

/** What every step is given. */
export interface StepProps {
  project: string;
  draft: Draft;
  onChange: (draft: Draft) => void;
  /** What the server finds wrong with the fields of this step. */
  problems: readonly Problem[];
}
