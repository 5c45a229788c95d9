/** The words of the console: one file for each area and language. */

import { createInstance, type i18n } from 'i18next';
import type { ConfigProviderProps } from 'antd';
import { initReactI18next } from 'react-i18next';
import enCommon from './en/common.json';
import enDatasources from './en/datasources.json';
import enEditing from './en/editing.json';
import enForm from './en/form.json';
import enFrame from './en/frame.json';
import enScript from './en/script.json';
import enSession from './en/session.json';
import enJobs from './en/jobs.json';
import enRuns from './en/runs.json';
import enBackfills from './en/backfills.json';
import enSchedules from './en/schedules.json';
import enStates from './en/states.json';
import enWizard from './en/wizard.json';
import enOverview from './en/overview.json';
import enDatasource from './en/datasource.json';
import enGroups from './en/groups.json';
import enAlerts from './en/alerts.json';
import enSettings from './en/settings.json';
import enProfile from './en/profile.json';
import enAudit from './en/audit.json';

export const en = {
  common: enCommon,
  datasources: enDatasources,
  editing: enEditing,
  form: enForm,
  frame: enFrame,
  script: enScript,
  session: enSession,
  jobs: enJobs,
  runs: enRuns,
  backfills: enBackfills,
  schedules: enSchedules,
  states: enStates,
  wizard: enWizard,
  overview: enOverview,
  datasource: enDatasource,
  groups: enGroups,
  alerts: enAlerts,
  settings: enSettings,
  profile: enProfile,
  audit: enAudit,
};

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: typeof en;
  }
}

/** The words of antd. */
export type Locale = NonNullable<ConfigProviderProps['locale']>;

/** Adds the Chinese words when somebody wants them; returns those of antd. */
export async function loadChinese(translation: i18n): Promise<Locale> {
  const { zh, locale } = await import('./chinese');
  for (const [area, words] of Object.entries(zh)) {
    translation.addResourceBundle('zh', area, words);
  }
  return locale;
}

export function startTranslation(language: string): i18n {
  const translation = createInstance();
  void translation.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    ns: Object.keys(en),
    defaultNS: 'common',
    resources: { en },
    interpolation: { escapeValue: false },
  });
  return translation;
}
