/** The words of the console: one file for each area and language. */

import { createInstance, type i18n } from 'i18next';
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
import zhCommon from './zh/common.json';
import zhDatasources from './zh/datasources.json';
import zhEditing from './zh/editing.json';
import zhForm from './zh/form.json';
import zhFrame from './zh/frame.json';
import zhScript from './zh/script.json';
import zhSession from './zh/session.json';
import zhJobs from './zh/jobs.json';
import zhRuns from './zh/runs.json';
import zhBackfills from './zh/backfills.json';
import zhSchedules from './zh/schedules.json';
import zhStates from './zh/states.json';
import zhWizard from './zh/wizard.json';
import zhOverview from './zh/overview.json';
import zhDatasource from './zh/datasource.json';
import zhGroups from './zh/groups.json';
import zhAlerts from './zh/alerts.json';
import zhSettings from './zh/settings.json';
import zhProfile from './zh/profile.json';
import zhAudit from './zh/audit.json';

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
export const zh: typeof en = {
  common: zhCommon,
  datasources: zhDatasources,
  editing: zhEditing,
  form: zhForm,
  frame: zhFrame,
  script: zhScript,
  session: zhSession,
  jobs: zhJobs,
  runs: zhRuns,
  backfills: zhBackfills,
  schedules: zhSchedules,
  states: zhStates,
  wizard: zhWizard,
  overview: zhOverview,
  datasource: zhDatasource,
  groups: zhGroups,
  alerts: zhAlerts,
  settings: zhSettings,
  profile: zhProfile,
  audit: zhAudit,
};

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: typeof en;
  }
}

export function startTranslation(language: string): i18n {
  const translation = createInstance();
  void translation.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    ns: Object.keys(en),
    defaultNS: 'common',
    resources: { en, zh },
    interpolation: { escapeValue: false },
  });
  return translation;
}
