import { client, unwrap } from '@/api/client';
import { useRead } from '@/api/hooks';
import { useDatasources } from '@/api/queries';

const DAY = 86_400_000;
/** A cycle that is due waits a little even when all is well. */
const PATIENCE = 10 * 60_000;

/** What is wrong in a project, as far as the lists of the API tell it. */
export function useAttention(project: string) {
  const jobs = useRead({
    key: ['jobs', project, 'failed'],
    every: 15_000,
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs', {
          params: { path: { project }, query: { lastRun: 'failed', limit: 50 } },
          signal,
        }),
      ),
  });
  const instances = useRead({
    key: ['instances', project, 'late'],
    every: 15_000,
    read: async (signal) => {
      const { items } = await unwrap(
        client.GET('/api/v1/projects/{project}/instances', {
          params: { path: { project }, query: { state: 'waiting', limit: 200 } },
          signal,
        }),
      );
      const latest = Date.now() - PATIENCE;
      // Those of a backfill wait for their turn, however long that takes.
      return items.filter((it) => !it.isFrozen && !it.backfillId && Date.parse(it.dueAt) < latest);
    },
  });
  const alerts = useRead({
    key: ['alerts', project, 'failed'],
    every: 60_000,
    read: async (signal) => {
      const { items } = await unwrap(
        client.GET('/api/v1/projects/{project}/alerts', {
          params: { path: { project }, query: { state: 'failed', limit: 50 } },
          signal,
        }),
      );
      return items.filter((alert) => Date.parse(alert.createdAt) > Date.now() - DAY);
    },
  });
  const datasources = useDatasources(project);
  const all = [jobs, instances, alerts, datasources];
  return {
    failed: jobs.data?.items ?? [],
    late: instances.data ?? [],
    untold: alerts.data ?? [],
    down: (datasources.data?.items ?? []).filter((item) => item.state === 'failed'),
    isPending: all.some((reading) => reading.isPending),
    error: all.find((reading) => reading.error && !reading.data)?.error ?? null,
    again: () => {
      for (const reading of all) void reading.refetch();
    },
  };
}
