import { useState } from 'react';

/** What is typed, kept over a reload of the page until it is dropped. */
export function useKept<T>(key: string, initial: T) {
  const [found] = useState(() => read<T>(key));
  const [value, setValue] = useState(found ?? initial);
  const [isKept, setKept] = useState(found !== null);
  return {
    value,
    /** Whether it differs from what the page began with. */
    isKept,
    set(next: T) {
      sessionStorage.setItem(key, JSON.stringify(next));
      setValue(next);
      setKept(true);
    },
    /** Forgets it; the page shows what it is given instead. */
    drop(next: T) {
      sessionStorage.removeItem(key);
      setValue(next);
      setKept(false);
    },
  };
}

function read<T>(key: string): T | null {
  try {
    const kept: T | null = JSON.parse(sessionStorage.getItem(key) ?? 'null');
    return kept;
  } catch {
    return null;
  }
}
