import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { client, unwrap, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';

const WITH_EVENTS = 30_000;
const WITHOUT_EVENTS = 2_000;

/** A run that follows the server's events; where events cannot pass, it is asked for every two seconds. */
export function useRun(project: string, run: string) {
  const queries = useQueryClient();
  const [isLive, setLive] = useState(false);
  const known = queries.getQueryData<Schemas['RunDetail']>(['runs', project, 'one', run]);
  const every = known?.endedAt ? undefined : isLive ? WITH_EVENTS : WITHOUT_EVENTS;
  const query = useRead({
    key: ['runs', project, 'one', run],
    every,
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/runs/{run}', {
          params: { path: { project, run } },
          signal,
        }),
      ),
  });
  const isEnded = query.data?.id === run && Boolean(query.data.endedAt);
  useEffect(() => {
    if (isEnded) return undefined;
    const key = ['runs', project, 'one', run];
    const source = new EventSource(`/api/v1/projects/${project}/runs/${run}/events`);
    source.addEventListener('open', () => setLive(true));
    source.addEventListener('error', () => setLive(false));
    source.addEventListener('run', (event: MessageEvent<string>) => {
      const told: Schemas['Run'] = JSON.parse(event.data);
      queries.setQueryData<Schemas['RunDetail']>(key, (before) =>
        before ? { ...before, ...told } : before,
      );
      // The closing report comes with the whole run only.
      if (told.endedAt) void queries.invalidateQueries({ queryKey: key });
    });
    return () => {
      source.close();
      setLive(false);
    };
  }, [project, run, isEnded, queries]);
  return query;
}
