/**
 * What was typed and not saved, kept in this browser. Each editor keeps its own: a tab finds it again after a
 * reload, and what a tab left that was closed is there for the next one. No editor writes over what another one keeps.
 */

import { isObject } from './document';

export interface Kept<V = Record<string, unknown>> {
  /** The editor that it was typed in. */
  editor: string;
  /** The version of the job that it began from; 0 for a new one. */
  version: number;
  /** When it was typed, in milliseconds since 1970. */
  at: number;
  value: V;
}

/** Names an editor, from when it was opened until it is left. */
export function newEditor(): string {
  return `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
}

export interface Found extends Kept {
  /** Whether this tab has kept it. */
  isMine: boolean;
}

const own = (place: string) => `longshore.draft.${place}`;
const shared = (place: string, editor: string) => `${own(place)}.${editor}`;

/** Keeps what is typed; false if only this tab would find it again. */
export function keepDraft(place: string, draft: Omit<Kept<object>, 'at'>): boolean {
  const text = JSON.stringify({ ...draft, at: Date.now() });
  write(sessionStorage, own(place), text);
  return write(localStorage, shared(place, draft.editor), text);
}

/** What this tab has kept, and then what others have, the latest first. */
export function keptDrafts(place: string): Found[] {
  const mine = read(sessionStorage.getItem(own(place)));
  const others = Object.keys(localStorage)
    .filter((key) => key.startsWith(shared(place, '')))
    .flatMap((key) => read(localStorage.getItem(key)) ?? [])
    .filter((kept) => kept.editor !== mine?.editor)
    .toSorted((a, b) => b.at - a.at)
    .map((kept) => ({ ...kept, isMine: false }));
  return mine ? [{ ...mine, isMine: true }, ...others] : others;
}

/** Forgets what this tab has kept, and what was typed in an editor. */
export function forgetDraft(place: string, editor: string): void {
  sessionStorage.removeItem(own(place));
  localStorage.removeItem(shared(place, editor));
}

/** Forgets one that was found, unless more was typed there since. */
export function dropDraft(place: string, { editor, at }: Kept): void {
  for (const [storage, key] of [
    [sessionStorage, own(place)],
    [localStorage, shared(place, editor)],
  ] as const) {
    const now = read(storage.getItem(key));
    if (now?.editor === editor && now.at === at) storage.removeItem(key);
  }
}

/** Tells when another tab types something for the same place. */
export function onOtherTab(place: string, note: () => void): () => void {
  const listen = (event: StorageEvent) => {
    if (event.key?.startsWith(shared(place, '')) && event.newValue !== null) note();
  };
  addEventListener('storage', listen);
  return () => removeEventListener('storage', listen);
}

function write(storage: Storage, key: string, text: string): boolean {
  try {
    storage.setItem(key, text);
    return true;
  } catch {
    // It is full or switched off; the page itself still holds what was typed.
    return false;
  }
}

function read(text: string | null): Kept | null {
  try {
    const kept: unknown = JSON.parse(text ?? 'null');
    return isObject(kept) &&
      typeof kept.editor === 'string' &&
      typeof kept.version === 'number' &&
      typeof kept.at === 'number' &&
      isObject(kept.value)
      ? { editor: kept.editor, version: kept.version, at: kept.at, value: kept.value }
      : null;
  } catch {
    return null;
  }
}
