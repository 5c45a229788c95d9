import { useTranslation } from 'react-i18next';
import { ApiError, answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import type { Rule } from '@/lib/rule';

export interface Draft {
  /** The revision of the schedule that it was made from; null for a new one. */
  base: string | null;
  rule: Rule;
  dependencies: Schemas['ScheduleDependency'][];
}

interface Seen {
  /** The revision of the job that is published. */
  job: string;
  /** That of its schedule; null while there is none. */
  schedule: string | null;
}

interface Task {
  draft: Draft;
  seen: Seen;
  /** Whether the rule is written; whoever may not, submits what is there. */
  isWritten: boolean;
  /** Whether what waits for others is written, too. */
  isRewired: boolean;
  /** The version that goes live with the schedule; null when it is live already. */
  version: number | null;
  /** What the history says of the version that goes live. */
  note: string;
  isSubmitted: boolean;
}

/** What the server has taken before it refused the rest, so that the rest can be sent again. */
export interface Progress {
  scheduleRevision: string | null;
  jobRevision: string;
  isPublished: boolean;
}

/**
 * Writes the rule and what it waits for, publishes the draft of the job, and submits: in this order, so that a rule
 * that is refused leaves everything as it was.
 */
export function useSubmit(
  project: string,
  job: string,
  { onStep, onDone }: { onStep: (progress: Progress) => void; onDone: (task: Task) => void },
) {
  const params = { path: { project, job } };
  const matching = (revision: string | null) => ({
    ...params,
    header: { 'If-Match': revision ?? '' },
  });
  const { t } = useTranslation('schedules');
  return useChange({
    inForm: true,
    done: (isSubmitted: boolean) => t(isSubmitted ? 'submitted' : 'draftSaved'),
    refresh: [
      ['schedules', project],
      ['jobs', project],
      ['instances', project],
    ],
    change: async ({ draft, seen, ...task }: Task) => {
      const reached: Progress = {
        scheduleRevision: seen.schedule,
        jobRevision: seen.job,
        isPublished: false,
      };
      const step = (change: Partial<Progress>) => onStep(Object.assign(reached, change));
      if (task.isWritten) {
        const url = '/api/v1/projects/{project}/jobs/{job}/schedule';
        const known = reached.scheduleRevision;
        const written = await answer(
          client.PUT(url, { params: known === null ? params : matching(known), body: draft.rule }),
        );
        step({ scheduleRevision: written.revision });
      }
      if (task.isWritten && task.isRewired) {
        const url = '/api/v1/projects/{project}/jobs/{job}/schedule/dependencies';
        const { dependencies } = draft;
        const written = await answer(
          client.PUT(url, { params: matching(reached.scheduleRevision), body: { dependencies } }),
        );
        step({ scheduleRevision: written.revision });
      }
      if (!task.isSubmitted) return false;
      if (task.version !== null) {
        const url = '/api/v1/projects/{project}/jobs/{job}/publish';
        const published = await answer(
          client.POST(url, {
            params: matching(reached.jobRevision),
            body: { version: task.version, note: task.note },
          }),
        );
        step({ jobRevision: published.revision ?? '', isPublished: true });
      }
      const url = '/api/v1/projects/{project}/jobs/{job}/schedule/submit';
      await unwrap(client.POST(url, { params: matching(reached.scheduleRevision) }));
      return true;
    },
    onDone: (_, task) => onDone(task),
  });
}

/** Whether somebody else has changed what was to be written. */
export function isStale(error: ApiError | null): boolean {
  return error?.status === 412;
}
