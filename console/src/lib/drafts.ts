/**
 * What was typed and not saved, kept in this browser. A tab finds its own again after a reload; what a tab left
 * that was closed is there for the next one.
 */

import { isObject } from './document';

export interface Kept {
  /** The version of the job that it began from; 0 for a new one. */
  version: number;
  /** When it was typed, in milliseconds since 1970. */
  at: number;
  value: Record<string, unknown>;
}

const key = (place: string) => `longshore.draft.${place}`;

export function keepDraft(place: string, version: number, value: object): void {
  const text = JSON.stringify({ version, at: Date.now(), value });
  for (const storage of [sessionStorage, localStorage]) {
    try {
      storage.setItem(key(place), text);
    } catch {
      // It is full or switched off; the page itself still holds what was typed.
    }
  }
}

export function keptDraft(place: string): Kept | null {
  return read(sessionStorage.getItem(key(place))) ?? read(localStorage.getItem(key(place)));
}

export function forgetDraft(place: string): void {
  sessionStorage.removeItem(key(place));
  localStorage.removeItem(key(place));
}

/** Tells when another tab types something for the same place. */
export function onOtherTab(place: string, note: () => void): () => void {
  const listen = (event: StorageEvent) => {
    if (event.key === key(place) && event.newValue !== null) note();
  };
  addEventListener('storage', listen);
  return () => removeEventListener('storage', listen);
}

function read(text: string | null): Kept | null {
  try {
    const kept: unknown = JSON.parse(text ?? 'null');
    return isObject(kept) &&
      typeof kept.version === 'number' &&
      typeof kept.at === 'number' &&
      isObject(kept.value)
      ? { version: kept.version, at: kept.at, value: kept.value }
      : null;
  } catch {
    return null;
  }
}
