/** Questions about schedules and their instances. */

import { ApiError, answer, client, unwrap, type Schemas } from './client';
import { useRead } from './hooks';

/** The schedule of a job with its revision; null while it has none. */
export async function readSchedule(
  project: string,
  job: string,
  signal?: AbortSignal,
): Promise<{ value: Schemas['Schedule']; revision: string } | null> {
  const url = '/api/v1/projects/{project}/jobs/{job}/schedule';
  try {
    const params = { path: { project, job } };
    const { value, revision } = await answer(
      client.GET(url, { params, ...(signal && { signal }) }),
    );
    return { value, revision: revision ?? '' };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** The next cycles of a rule, with the values of all parameters. */
export function useSchedulePreview(
  project: string,
  job: string,
  request: Schemas['PreviewRequest'] | null,
) {
  return useRead({
    key: ['schedules', project, 'preview', job, request],
    enabled: request !== null,
    read: (signal) =>
      unwrap(
        client.POST('/api/v1/projects/{project}/jobs/{job}/schedule/preview', {
          params: { path: { project, job } },
          body: request ?? {},
          signal,
        }),
      ),
  });
}
