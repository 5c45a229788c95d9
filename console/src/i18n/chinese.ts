/** The Chinese words: ours, those of antd, and those of dates. Loaded when they are wanted. */

import locale from 'antd/locale/zh_CN';
import 'dayjs/locale/zh-cn';
import type { en } from './index';
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

export { locale };

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
