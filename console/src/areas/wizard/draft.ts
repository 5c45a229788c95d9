/** The wizard's state: the job document with its name. */

import type { Problem } from '@/api/client';
import { readDetails, type Details } from '@/api/jobs';
import {
  emptyDocument,
  readDocument,
  textsOf,
  writeDocument,
  type JobDocument,
} from '@/lib/document';
import { isWithin } from '@/lib/pointer';
import type { StepName } from './stepNames';

export interface Draft extends Details {
  document: JobDocument;
  /** Values that were added to the mapping and have no line yet; they are no part of the job. */
  values: string[];
}

export function newDraft(folder: string): Draft {
  return {
    name: '',
    folder,
    description: '',
    variables: {},
    document: emptyDocument(),
    values: [],
  };
}

/** The step where a problem of the document is mended. */
export function stepOf(problem: Pick<Problem, 'pointer'>): StepName {
  const { pointer } = problem;
  if (/^\/configuration\/(reader|writer)\/parameter\/column/.test(pointer)) return 'mapping';
  if (isWithin(pointer, '/configuration/reader')) return 'source';
  if (isWithin(pointer, '/configuration/filter')) return 'source';
  if (isWithin(pointer, '/configuration/writer')) return 'target';
  if (isWithin(pointer, '/configuration/setting')) return 'channel';
  return 'review';
}

export const textOfDraft = (draft: Draft) => writeDocument(draft.document);

/** A draft that was kept in the browser, if it is one. */
export function readKept(kept: Record<string, unknown>): Draft | null {
  const document = readDocument(JSON.stringify(kept.document ?? null));
  if (!document) return null;
  return { ...readDetails(kept), document, values: textsOf(kept.values) };
}
