import { client, unwrap } from '@/api/client';
import { useRead } from '@/api/hooks';

/** How many runs of the project each group holds now; null as long as that is not known. */
export function useRunning(project: string): Map<string, number> | null {
  const runs = useRead({
    key: ['runs', project, 'running'],
    every: 5_000,
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/runs', {
          params: { path: { project }, query: { state: 'running', limit: 500 } },
          signal,
        }),
      ),
  });
  if (!runs.data) return null;
  const counts = new Map<string, number>();
  for (const { resourceGroup } of runs.data.items) {
    counts.set(resourceGroup, (counts.get(resourceGroup) ?? 0) + 1);
  }
  return counts;
}
