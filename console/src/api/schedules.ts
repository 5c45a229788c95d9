/** Questions about schedules and their instances. */

import { answer, client, unwrap, type Schemas } from './client';
import { useRead } from './hooks';

/** The schedule of a job with its revision. */
export async function readSchedule(project: string, job: string, signal?: AbortSignal) {
  const url = '/api/v1/projects/{project}/jobs/{job}/schedule';
  const params = { path: { project, job } };
  const { value, revision } = await answer(client.GET(url, { params, ...(signal && { signal }) }));
  return { value, revision: revision ?? '' };
}

/** The same, or null while the job has none: which is looked up in the list, since it is no error. */
export async function findSchedule(
  project: string,
  job: Pick<Schemas['Job'], 'id' | 'name'>,
  signal?: AbortSignal,
) {
  const query = { search: job.name, limit: 500 };
  const { items } = await unwrap(
    client.GET('/api/v1/projects/{project}/schedules', {
      params: { path: { project }, query },
      ...(signal && { signal }),
    }),
  );
  return items.some((it) => it.jobId === job.id) ? readSchedule(project, job.id, signal) : null;
}

/** The next cycles of a rule, with the values of all parameters. */
export function useSchedulePreview(
  project: string,
  job: string,
  request: Schemas['PreviewRequest'] | null,
) {
  return useRead({
    key: ['schedule-preview', project, job, request],
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
