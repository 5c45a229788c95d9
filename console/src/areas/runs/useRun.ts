import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { client, unwrap, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';

/** A run that follows the server's events; where events cannot pass, it is asked for every two seconds. */
export function useRun(project: string, run: string) {
  const queries = useQueryClient();
  const key = ['runs', project, 'one', run];
  const query = useRead({
    key,
    every: 2_000,
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/runs/{run}', {
          params: { path: { project, run } },
          signal,
        }),
      ),
  });
  const isEnded = Boolean(query.data?.endedAt);
  useEffect(() => {
    if (isEnded) return undefined;
    const source = new EventSource(`/api/v1/projects/${project}/runs/${run}/events`);
    source.addEventListener('message', (event: MessageEvent<string>) => {
      const told: Schemas['Run'] = JSON.parse(event.data);
      queries.setQueryData<Schemas['RunDetail']>(['runs', project, 'one', run], (known) =>
        known ? { ...known, ...told } : known,
      );
    });
    return () => source.close();
  }, [project, run, isEnded, queries]);
  return query;
}
