/** What the reader has chosen about the console itself: language, colours, time zone. */

import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react';
import { localZone, ZONES } from '@/lib/time';
import type { Appearance } from './theme';

export type Language = 'en' | 'zh';

export interface Chosen {
  language: Language;
  appearance: Appearance | 'system';
  zone: string;
}

interface Preferences extends Chosen {
  /** The colours that are shown, whoever has chosen them. */
  shown: Appearance;
  /** Whether the reader wants nothing to move. */
  isStill: boolean;
  choose: (change: Partial<Chosen>) => void;
  /** Whether anything was chosen in this browser yet. */
  isChosen: boolean;
}

const KEY = 'longshore.preferences';
const Context = createContext<Preferences | null>(null);

function stored(): Chosen {
  const chosen: Chosen = {
    language: navigator.language.startsWith('zh') ? 'zh' : 'en',
    appearance: 'system',
    zone: localZone(),
  };
  try {
    const text: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof text === 'object' && text !== null ? { ...chosen, ...text } : chosen;
  } catch {
    return chosen;
  }
}

/** What the system says, as it says it. */
function useMedia(text: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(text).matches);
  useEffect(() => {
    const query = matchMedia(text);
    const note = () => setMatches(query.matches);
    query.addEventListener('change', note);
    return () => query.removeEventListener('change', note);
  }, [text]);
  return matches;
}

export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [chosen, setChosen] = useState(stored);
  const systemIsDark = useMedia('(prefers-color-scheme: dark)');
  const isStill = useMedia('(prefers-reduced-motion: reduce)');
  const system: Appearance = systemIsDark ? 'dark' : 'light';
  const shown = chosen.appearance === 'system' ? system : chosen.appearance;
  useEffect(() => {
    document.documentElement.dataset.theme = shown;
    document.documentElement.lang = chosen.language === 'zh' ? 'zh-CN' : 'en';
  }, [shown, chosen.language]);
  const value = useMemo<Preferences>(
    () => ({
      ...chosen,
      shown,
      isStill,
      isChosen: localStorage.getItem(KEY) !== null,
      choose: (change) => {
        const next = { ...chosen, ...change };
        localStorage.setItem(KEY, JSON.stringify(next));
        setChosen(next);
      },
    }),
    [chosen, shown, isStill],
  );
  return <Context value={value}>{children}</Context>;
}

export function usePreferences(): Preferences {
  const value = use(Context);
  if (!value) throw new Error('there is no PreferencesProvider');
  return value;
}

/** What of a record is a choice that this console knows; anything else is left out. */
export function choicesOf(record: Record<string, unknown>): Partial<Chosen> {
  const { language, appearance, zone } = record;
  return {
    ...(language === 'en' || language === 'zh' ? { language } : {}),
    ...(appearance === 'light' || appearance === 'dark' || appearance === 'system'
      ? { appearance }
      : {}),
    ...(typeof zone === 'string' && ZONES.includes(zone) ? { zone } : {}),
  };
}
