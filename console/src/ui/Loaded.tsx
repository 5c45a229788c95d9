import type { ReactNode } from 'react';
import { Failure } from './Failure';
import { Loading } from './Loading';

export interface Reading<T> {
  data: T | undefined;
  /** Whether the data is that of another question, kept until this one is answered. */
  isPlaceholderData: boolean;
  error: { message: string; hint: string | null; requestId: string | null } | null;
  refetch: () => unknown;
}

interface Props<T> {
  reading: Reading<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}

/** What was read; before that an outline, and in its place what went wrong. */
export function Loaded<T>({ reading, rows, children }: Props<T>) {
  const { data, error } = reading;
  if (data !== undefined && !reading.isPlaceholderData) return children(data);
  if (error) {
    return (
      <Failure
        message={error.message}
        hint={error.hint}
        requestId={error.requestId}
        onRetry={() => void reading.refetch()}
      />
    );
  }
  return <Loading {...(rows === undefined ? {} : { rows })} />;
}
