/** The words of the console: one file for each area and language. Only the chosen language is loaded. */

import type { Locale } from 'antd/es/locale';
import { createInstance, type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { words as en } from './en';

/** All that is said in one language. */
export interface Language {
  words: typeof en;
  widgets: Locale;
  dates: string;
}

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: typeof en;
  }
}

export function loadLanguage(name: 'en' | 'zh'): Promise<Language> {
  return name === 'zh' ? import('./zh') : import('./en');
}

/** A translation that knows no language yet, or this one. */
export function startTranslation(name?: string, words?: typeof en): i18n {
  const translation = createInstance();
  void translation.use(initReactI18next).init({
    lng: name,
    fallbackLng: false,
    defaultNS: 'common',
    resources: name && words ? { [name]: words } : {},
    interpolation: { escapeValue: false },
  });
  return translation;
}

/** Speaks a language from now on. */
export async function speak(translation: i18n, name: string, { words }: Language): Promise<void> {
  for (const [area, texts] of Object.entries(words)) {
    translation.addResourceBundle(name, area, texts);
  }
  await translation.changeLanguage(name);
}
