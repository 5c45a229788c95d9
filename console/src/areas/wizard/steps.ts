import type { Problem, Schemas } from '@/api/client';
import type { Pair } from '@/lib/mapping';
import type { Draft } from './draft';

/** What a change of an earlier step took away, with the way back. */
export interface Loss {
  pairs: Pair[];
  before: Draft['document'];
}

/** What every step is given. */
export interface StepProps {
  project: string;
  draft: Draft;
  onChange: (change: Draft | ((draft: Draft) => Draft)) => void;
  onLoss: (loss: Loss | null) => void;
  /** What is wrong with the fields of this step. */
  problems: readonly Problem[];
  /** What the references of the document stand for. */
  parameters: readonly Schemas['ParameterValue'][];
  /** Opens the form of a new data source. */
  onNewDatasource: () => void;
}
