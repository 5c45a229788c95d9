/** Simplified Chinese. */

import 'dayjs/locale/zh-cn';
import type { words as en } from './en';
import antd from 'antd/locale/zh_CN';
import alerts from './zh/alerts.json';
import audit from './zh/audit.json';
import backfills from './zh/backfills.json';
import common from './zh/common.json';
import datasource from './zh/datasource.json';
import datasources from './zh/datasources.json';
import editing from './zh/editing.json';
import form from './zh/form.json';
import frame from './zh/frame.json';
import groups from './zh/groups.json';
import jobs from './zh/jobs.json';
import overview from './zh/overview.json';
import profile from './zh/profile.json';
import runs from './zh/runs.json';
import schedules from './zh/schedules.json';
import script from './zh/script.json';
import session from './zh/session.json';
import settings from './zh/settings.json';
import states from './zh/states.json';
import wizard from './zh/wizard.json';

export const words: typeof en = {
  alerts,
  audit,
  backfills,
  common,
  datasource,
  datasources,
  editing,
  form,
  frame,
  groups,
  jobs,
  overview,
  profile,
  runs,
  schedules,
  script,
  session,
  settings,
  states,
  wizard,
};

/** The words of the widgets. */
export const widgets = antd;

/** What dates are written in. */
export const dates = 'zh-cn';
