/** Cycles as sentences. */

import cronstrue from 'cronstrue';
import 'cronstrue/locales/zh_CN';

type Language = 'en' | 'zh';

/** What cron text means; the server's words where it says more than cronstrue knows, or there is no such text. */
export function inWords(cron: string | null | undefined, otherwise: string, language: Language) {
  if (!cron) return otherwise;
  try {
    return cronstrue.toString(cron, {
      locale: language === 'zh' ? 'zh_CN' : 'en',
      use24HourTimeFormat: true,
      verbose: true,
    });
  } catch {
    return otherwise;
  }
}
