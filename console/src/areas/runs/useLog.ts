import { useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { above, below, fromEnd, fromStart, LINES, type Ask, type Part } from '@/lib/log';

const EVERY = 2_000;

interface Wanted {
  search: string;
  level: Schemas['Level'] | null;
}

/** A part of a run's log: its end at first, or the first lines that are searched for; more is read on demand. */
export function useLog(project: string, run: Schemas['Run'], { search, level }: Wanted) {
  const queries = useQueryClient();
  const { id } = run;
  const key = useMemo(
    () => ['runs', project, 'log', id, search, level],
    [project, id, search, level],
  );
  const isFiltered = search !== '' || level !== null;
  const ask: Ask = (where) =>
    unwrap(
      client.GET('/api/v1/projects/{project}/runs/{run}/log', {
        params: {
          path: { project, run: id },
          query: {
            ...where,
            limit: LINES,
            ...(search ? { search } : {}),
            ...(level ? { level } : {}),
          },
        },
      }),
    );
  const part = useRead<Part>({
    key,
    once: true,
    read: () => (isFiltered ? fromStart(ask) : fromEnd(ask)),
  });
  /** Puts a part in the place of the one that it was made of, unless that has changed meanwhile. */
  const put = (before: Part, after: Part) =>
    queries.setQueryData<Part>(key, (now) => (now === before ? after : now));
  const known = () => queries.getQueryData<Part>(key);

  const isReady = part.data !== undefined && !part.isPlaceholderData;
  const isEnded = Boolean(run.endedAt);
  // What is written meanwhile; once more when the run has ended, for its last lines.
  useRead({
    key: [...key, 'follow', isEnded],
    enabled: isReady && part.data?.hasMore === false,
    ...(isEnded ? {} : { every: EVERY }),
    read: async () => {
      const before = known();
      if (before && !before.hasMore) put(before, await below(before, ask));
      return null;
    },
  });
  const up = useChange({
    change: async () => {
      const before = known();
      if (before) put(before, await above(before, ask));
    },
  });
  const down = useChange({
    change: async () => {
      const before = known();
      if (before?.hasMore) put(before, await below(before, ask));
    },
  });
  const jump = useChange({
    change: async (to: 'start' | 'end') => {
      const found = await (to === 'start' ? fromStart(ask) : fromEnd(ask));
      queries.setQueryData<Part>(key, found);
    },
  });
  return { part, up, down, jump, isFiltered };
}
