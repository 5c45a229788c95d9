/** The wizard's state: the job document with its name, kept in this browser until the server has it. */

import type { Problem } from '@/api/client';
import { emptyDocument, readDocument, writeDocument, type JobDocument } from '@/lib/document';
import { isWithin } from '@/lib/pointer';

export interface Draft {
  name: string;
  folder: string;
  description: string;
  variables: Record<string, string>;
  document: JobDocument;
}

export const STEPS = ['source', 'target', 'mapping', 'channel', 'review'] as const;
export type StepName = (typeof STEPS)[number];

export function newDraft(folder: string): Draft {
  return { name: '', folder, description: '', variables: {}, document: emptyDocument() };
}

/** The step where a problem of the document is mended. */
export function stepOf(problem: Pick<Problem, 'pointer'>): StepName {
  const { pointer } = problem;
  if (/^\/configuration\/(reader|writer)\/parameter\/column/.test(pointer)) return 'mapping';
  if (isWithin(pointer, '/configuration/reader')) return 'source';
  if (isWithin(pointer, '/configuration/writer')) return 'target';
  if (isWithin(pointer, '/configuration/setting')) return 'channel';
  return 'review';
}

const key = (job: string) => `longshore.draft.${job}`;

interface Stored extends Omit<Draft, 'document'> {
  document: string;
  /** The version that it began from. */
  version: number;
}

/** What was typed for a job and not saved; null when there is nothing, or it began from an older version. */
export function unsaved(job: string, version: number): Draft | null {
  try {
    const stored: Stored = JSON.parse(sessionStorage.getItem(key(job)) ?? 'null');
    const document = stored && stored.version === version ? readDocument(stored.document) : null;
    return document ? { ...stored, document } : null;
  } catch {
    return null;
  }
}

export function keep(job: string, version: number, draft: Draft): void {
  const stored: Stored = { ...draft, document: writeDocument(draft.document), version };
  sessionStorage.setItem(key(job), JSON.stringify(stored));
}

export function forget(job: string): void {
  sessionStorage.removeItem(key(job));
}
