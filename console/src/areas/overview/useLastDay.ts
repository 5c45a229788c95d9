import { client, unwrap, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';

export interface LastDay {
  runs: Schemas['Run'][];
  /** When it was asked, in milliseconds since 1970. */
  now: number;
  /** Whether there were more runs than are read for an overview. */
  isCut: boolean;
}

const DAY = 86_400_000;
const MOST_PAGES = 4;

/** The runs that were asked for in the last 24 hours. */
export function useLastDay(project: string) {
  return useRead<LastDay>({
    key: ['runs', project, 'last-day'],
    every: 15_000,
    read: async (signal) => {
      const now = Date.now();
      const runs: Schemas['Run'][] = [];
      let cursor: string | undefined;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const query = { limit: 500, cursor };
        // Each page begins where the one before it ends.
        // oxlint-disable-next-line no-await-in-loop
        const { items, nextCursor } = await unwrap(
          client.GET('/api/v1/projects/{project}/runs', {
            params: { path: { project }, query },
            signal,
          }),
        );
        const recent = items.filter((run) => Date.parse(run.queuedAt) > now - DAY);
        runs.push(...recent);
        if (recent.length < items.length || !nextCursor) return { runs, now, isCut: false };
        cursor = nextCursor;
      }
      return { runs, now, isCut: true };
    },
  });
}
