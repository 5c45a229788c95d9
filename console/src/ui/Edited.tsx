import { Fragment, useState, type ReactNode } from 'react';
import { Loaded, type Reading } from './Loaded';

interface Refetching<T> extends Reading<T> {
  refetch: () => Promise<{ data: T | undefined }>;
}

interface Props<T> {
  reading: Refetching<T>;
  /** The form begins anew with what is read when it calls `reload`. */
  children: (data: T, reload: () => void) => ReactNode;
}

/** A form over what was read once: an answer that comes later does not change it under its reader's hands. */
export function Edited<T>({ reading, children }: Props<T>) {
  return (
    <Loaded reading={reading}>
      {(data) => (
        <Held reading={reading} data={data}>
          {children}
        </Held>
      )}
    </Loaded>
  );
}

function Held<T>({ reading, data, children }: Props<T> & { data: T }) {
  const [held, setHeld] = useState({ data, round: 0 });
  const reload = async () => {
    const { data: found } = await reading.refetch();
    if (found !== undefined) setHeld(({ round }) => ({ data: found, round: round + 1 }));
  };
  return <Fragment key={held.round}>{children(held.data, () => void reload())}</Fragment>;
}
