/** Lists that the server gives page by page. */

import { keepPreviousData, useInfiniteQuery, type QueryKey } from '@tanstack/react-query';
import type { ApiError } from './client';

interface Page<T> {
  items: T[];
  nextCursor?: string | null | undefined;
}

interface Reading<T> {
  key: QueryKey;
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>;
  every?: number;
  enabled?: boolean;
}

/** All items that were read so far, and the way to more of them. */
export function usePages<T>({ key, read, every, enabled }: Reading<T>) {
  const query = useInfiniteQuery<Page<T>, ApiError, T[], QueryKey, string | undefined>({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    select: ({ pages }) => pages.flatMap((page) => page.items),
    placeholderData: keepPreviousData,
    ...(every === undefined ? {} : { refetchInterval: every }),
    ...(enabled === undefined ? {} : { enabled }),
  });
  return {
    items: query.data ?? [],
    isPending: query.isPending,
    isFetching: query.isFetching,
    error: query.error,
    hasMore: query.hasNextPage,
    more: () => void query.fetchNextPage(),
    again: () => void query.refetch(),
  };
}

export type Pages<T> = ReturnType<typeof usePages<T>>;
