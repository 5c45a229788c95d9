/** A job and its versions, and the way from a draft that is typed to one that is saved. */

import { useEffect, useRef, useState } from 'react';
import { isObject, textOf } from '@/lib/document';
import {
  dropDraft,
  forgetDraft,
  keepDraft,
  keptDrafts,
  newEditor,
  onOtherTab,
  type Found,
} from '@/lib/drafts';
import { answer, client, unwrap, type Schemas } from './client';
import { useChange, useRead } from './hooks';

const ONE = '/api/v1/projects/{project}/jobs/{job}';

export function useJob(project: string, job: string) {
  return useRead({
    key: ['jobs', project, 'one', job],
    // What others save is told before one saves oneself.
    every: 30_000,
    read: (signal) => answer(client.GET(ONE, { params: { path: { project, job } }, signal })),
  });
}

/** One version with its text; it never changes. */
export function useVersion(project: string, job: string, number: number | null) {
  return useRead({
    key: ['version', project, job, number],
    enabled: number !== null,
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs/{job}/versions/{number}', {
          params: { path: { project, job, number: number ?? 0 } },
          signal,
        }),
      ),
  });
}

/** Removes a job as it is now, whoever changed it last. */
export async function removeJob(project: string, job: string): Promise<unknown> {
  const path = { project, job };
  const { revision } = await answer(client.GET(ONE, { params: { path } }));
  return unwrap(client.DELETE(ONE, { params: { path, header: { 'If-Match': revision ?? '' } } }));
}

/** Changes details of a job as it is now, whoever changed it last. */
export async function changeJob(
  project: string,
  job: string,
  body: Schemas['JobChange'],
): Promise<unknown> {
  const path = { project, job };
  const { revision } = await answer(client.GET(ONE, { params: { path } }));
  return unwrap(
    client.PATCH(ONE, { params: { path, header: { 'If-Match': revision ?? '' } }, body }),
  );
}

/** What is edited of a job beside its document. */
export interface Details {
  name: string;
  folder: string;
  description: string;
  variables: Record<string, string>;
}

/** The details of a job and of a draft that began from it. */
export function detailsOf({ name, folder, description, draft }: Schemas['Job']): Details {
  return { name, folder, description, variables: draft.variables };
}

/** The details of what was kept in the browser. */
export function readDetails(kept: Record<string, unknown>): Details {
  const variables = isObject(kept.variables) ? kept.variables : {};
  return {
    name: textOf(kept.name),
    folder: textOf(kept.folder),
    description: textOf(kept.description),
    variables: Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, textOf(value)]),
    ),
  };
}

/** A job as the server has it. */
export interface SavedJob {
  id: string;
  version: number;
  revision: string;
  at: string;
  publishedVersion: number | null;
}

export function savedJob(value: Schemas['Job'], revision: string | null): SavedJob {
  return {
    id: value.id,
    version: value.draftVersion,
    revision: revision ?? '',
    at: value.updatedAt,
    publishedVersion: value.publishedVersion ?? null,
  };
}

interface Editing<D extends Details> {
  project: string;
  mode: Schemas['JobMode'];
  /** The job as it was read last; null for a new one. */
  given: SavedJob | null;
  initial: D;
  /** The text of the document. */
  write: (draft: D) => string;
  /** What was kept of a draft, or null if it is none. */
  read: (kept: Record<string, unknown>) => D | null;
  onSaved: (saved: SavedJob, next: string) => void;
}

interface Saving<D> {
  draft: D;
  /** What comes after it. */
  next: string;
  mode?: Schemas['JobMode'];
  /** Whether it takes the place of what others have saved meanwhile. */
  isOver?: boolean;
}

/**
 * The draft of a job that is typed: kept in this browser until it is saved, and saved over the version that it
 * began from only, unless its author says otherwise.
 */
export function useJobEditing<D extends Details>(what: Editing<D>) {
  const { project, mode, given, initial, write, read, onSaved } = what;
  const [saved, setSaved] = useState(given);
  const place = placeOf(mode, saved?.id ?? `new.${project}`);
  const [editor] = useState(newEditor);
  const [start] = useState(() => begin(place, given?.version ?? 0, initial, read));
  const [draft, setDraft] = useState(start.draft);
  const [base, setBase] = useState(initial);
  const [restoredAt, setRestoredAt] = useState(start.restoredAt);
  const [older, setOlder] = useState(start.older);
  const [isElsewhere, setElsewhere] = useState(false);
  const current = useRef(draft);
  /** Where the draft was found, until this editor keeps it itself. */
  const found = useRef(start.found);
  useEffect(() => onOtherTab(place, () => setElsewhere(true)), [place]);

  function put(change: D | ((draft: D) => D)) {
    const next = typeof change === 'function' ? change(current.current) : change;
    current.current = next;
    setDraft(next);
    const version = saved?.version ?? 0;
    const isKept = keepDraft(place, { editor, version, value: next });
    // What another tab has typed stays there as it was.
    if (isKept && found.current?.isMine) leaveFound();
  }

  function leaveFound() {
    if (found.current) dropDraft(place, found.current);
    found.current = null;
  }

  function forget() {
    forgetDraft(place, editor);
    leaveFound();
  }

  const save = useChange({
    inForm: true,
    refresh: [['jobs', project]],
    change: async ({ draft: sent, mode: into, isOver }: Saving<D>) => {
      const { name, folder, description, variables } = sent;
      const content = { variables, document: write(sent), mode: into ?? mode };
      if (!saved) {
        return answer(
          client.POST('/api/v1/projects/{project}/jobs', {
            params: { path: { project } },
            body: { name, folder, description, ...content },
          }),
        );
      }
      const path = { project, job: saved.id };
      // What others change beside the document, such as what is published, is in nobody's way.
      const known = given && given.version === saved.version ? given.revision : saved.revision;
      const revision = isOver
        ? (await answer(client.GET(ONE, { params: { path } }))).revision
        : known;
      const body = {
        ...content,
        ...(name === base.name ? {} : { name }),
        ...(folder === base.folder ? {} : { folder }),
        ...(description === base.description ? {} : { description }),
      };
      const header = { 'If-Match': revision ?? '' };
      return answer(client.PATCH(ONE, { params: { path, header }, body }));
    },
    onDone: ({ value, revision }, { draft: sent, next }) => {
      const now = savedJob(value, revision);
      forget();
      // What was typed meanwhile is not saved yet.
      if (current.current !== sent) {
        const { version } = now;
        keepDraft(placeOf(mode, now.id), { editor, version, value: current.current });
      }
      setSaved(now);
      setBase(sent);
      setRestoredAt(null);
      onSaved(now, next);
    },
  });

  return {
    project,
    draft,
    /** The document as it would be saved now. */
    text: () => write(draft),
    saved,
    save,
    change: put,
    isChanged: draft !== base,
    notices: {
      restoredAt,
      onDiscard: () => {
        forget();
        current.current = base;
        setDraft(base);
        setRestoredAt(null);
      },
      olderAt: older?.kept.at ?? null,
      onTakeOlder: () => {
        if (older) {
          put(older.draft);
          dropDraft(place, older.kept);
        }
        setOlder(null);
      },
      onDropOlder: () => {
        if (older) dropDraft(place, older.kept);
        setOlder(null);
      },
      isBehind:
        save.error?.code === 'changed' ||
        (!save.isPending && given !== null && saved !== null && given.version > saved.version),
      isBusy: save.isPending,
      onKeep: () => save.mutate({ draft: current.current, next: 'stay', isOver: true }),
      isElsewhere,
    },
    forget,
  };
}

export type JobEditing<D extends Details> = ReturnType<typeof useJobEditing<D>>;

const placeOf = (mode: Schemas['JobMode'], job: string) => `${mode}.${job}`;

interface Start<D> {
  draft: D;
  restoredAt: number | null;
  found: Found | null;
  /** One that began from another version: it stays where it is until somebody has decided. */
  older: { kept: Found; draft: D } | null;
}

function begin<D>(
  place: string,
  version: number,
  initial: D,
  read: (kept: Record<string, unknown>) => D | null,
): Start<D> {
  const all = keptDrafts(place).flatMap((kept) => {
    const draft = read(kept.value);
    return draft ? [{ kept, draft }] : [];
  });
  const same = all.find(({ kept }) => kept.version === version);
  return {
    draft: same?.draft ?? initial,
    restoredAt: same?.kept.at ?? null,
    found: same?.kept ?? null,
    older: all.find(({ kept }) => kept.version !== version) ?? null,
  };
}
