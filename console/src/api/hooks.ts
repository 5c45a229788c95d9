/** The one way to read and the one way to change. */

import {
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
  type QueryKey,
  type UseQueryResult,
} from '@tanstack/react-query';
import { App } from 'antd';
import type { ApiError } from './client';

interface Reading<T> {
  key: QueryKey;
  read: (signal: AbortSignal) => Promise<T>;
  /** Asked again after so many milliseconds, while the page is seen. */
  every?: number | undefined;
  enabled?: boolean;
  /** Read once and then left as it is: the reader's place in it would be lost. */
  once?: boolean;
  /** Forgotten as soon as nobody looks at it, so that a form begins with what is there now. */
  isEdited?: boolean;
}

/** Reads and keeps; an older answer is shown while a newer one is on its way. */
export function useRead<T>({
  key,
  read,
  every,
  enabled,
  once,
  isEdited,
}: Reading<T>): UseQueryResult<T, ApiError> {
  return useQuery<T, ApiError>({
    queryKey: key,
    queryFn: ({ signal }) => read(signal),
    placeholderData: keepPreviousData,
    ...(every === undefined ? {} : { refetchInterval: every }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(once ? { staleTime: Infinity, gcTime: 0 } : {}),
    ...(isEdited ? { gcTime: 0 } : {}),
  });
}

interface Changing<I, O> {
  change: (input: I) => Promise<O>;
  /** What is read anew afterwards: everything whose key begins so. */
  refresh?: QueryKey[];
  /** Said when it is done. */
  done?: string | ((output: O) => string);
  /** Whether the form shows failures itself; otherwise they are said in a toast. */
  inForm?: boolean;
  onDone?: (output: O, input: I) => void;
}

/** Changes something, tells about it, and reads anew what has changed. */
export function useChange<I = void, O = unknown>(what: Changing<I, O>) {
  const queries = useQueryClient();
  const { message, notification } = App.useApp();
  return useMutation<O, ApiError, I>({
    mutationFn: what.change,
    onSuccess: async (output, input) => {
      await Promise.all(
        (what.refresh ?? []).map((queryKey) => queries.invalidateQueries({ queryKey })),
      );
      const text = typeof what.done === 'function' ? what.done(output) : what.done;
      if (text) message.success(text);
      what.onDone?.(output, input);
    },
    onError: (error) => {
      if (what.inForm) return;
      notification.error({ title: error.message, description: error.hint });
    },
  });
}
