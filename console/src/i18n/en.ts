/** English. */

import antd from 'antd/locale/en_US';
import alerts from './en/alerts.json';
import audit from './en/audit.json';
import backfills from './en/backfills.json';
import common from './en/common.json';
import datasource from './en/datasource.json';
import datasources from './en/datasources.json';
import editing from './en/editing.json';
import form from './en/form.json';
import frame from './en/frame.json';
import groups from './en/groups.json';
import jobs from './en/jobs.json';
import overview from './en/overview.json';
import profile from './en/profile.json';
import runs from './en/runs.json';
import schedules from './en/schedules.json';
import script from './en/script.json';
import session from './en/session.json';
import settings from './en/settings.json';
import states from './en/states.json';
import wizard from './en/wizard.json';

export const words = {
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
export const dates = 'en';
