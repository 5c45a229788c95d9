/** Every route on one page. Pages are loaded when they are entered. */

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';
import type { Search as RunsSearch } from '@/areas/runs/RunFilters';
import type { Schemas } from '@/api/client';
import { ALERT_TABS, type AlertTab } from '@/areas/alerts/tabs';
import {
  DATASOURCE_TABS,
  TABLE_VIEWS,
  type DatasourceTab,
  type TableView,
} from '@/areas/datasources/detail/tabs';
import { Broken } from '@/areas/frame/Broken';
import { Frame } from '@/areas/frame/Frame';
import { NotFound } from '@/areas/frame/NotFound';
import { Start } from '@/areas/frame/Start';
import { PARTS, type Part } from '@/areas/settings/parts';
import { STEPS, type StepName } from '@/areas/wizard/stepNames';

const root = createRootRoute({ notFoundComponent: NotFound });

const start = createRoute({ getParentRoute: () => root, path: '/', component: Start });

/** A text of the address; anything else counts as none. */
function textIn(search: Record<string, unknown>, name: string): string | undefined {
  const value = search[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A date of the address, `2026-11-23`. */
function dateIn(search: Record<string, unknown>, name: string): string | undefined {
  const text = textIn(search, name);
  return text && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))
    ? text
    : undefined;
}

/** A word of the address that is one of those known; anything else counts as none. */
function wordIn<T extends string>(
  search: Record<string, unknown>,
  name: string,
  words: readonly T[],
): T | undefined {
  return words.find((word) => word === search[name]);
}

/** All that belongs to a project. */
export const project = createRoute({
  getParentRoute: () => root,
  path: '/projects/$project',
  component: Frame,
});

const overview = createRoute({
  getParentRoute: () => project,
  path: '/',
  component: lazyRouteComponent(() => import('@/areas/overview/OverviewPage'), 'OverviewPage'),
});

interface DatasourcesSearch {
  search?: string | undefined;
  connector?: string | undefined;
}

const datasources = createRoute({
  getParentRoute: () => project,
  path: 'datasources',
  validateSearch: (search: Record<string, unknown>): DatasourcesSearch => ({
    search: textIn(search, 'search'),
    connector: textIn(search, 'connector'),
  }),
  component: lazyRouteComponent(
    () => import('@/areas/datasources/DatasourcesPage'),
    'DatasourcesPage',
  ),
});

interface DatasourceSearch {
  tab?: DatasourceTab | undefined;
  table?: string | undefined;
  view?: TableView | undefined;
}

const datasource = createRoute({
  getParentRoute: () => project,
  path: 'datasources/$datasource',
  validateSearch: (search: Record<string, unknown>): DatasourceSearch => ({
    tab: wordIn(search, 'tab', DATASOURCE_TABS),
    table: textIn(search, 'table'),
    view: wordIn(search, 'view', TABLE_VIEWS),
  }),
  component: lazyRouteComponent(
    () => import('@/areas/datasources/DatasourcePage'),
    'DatasourcePage',
  ),
});

interface JobsSearch {
  search?: string | undefined;
  folder?: string | undefined;
  lastRun?: string | undefined;
  source?: string | undefined;
  target?: string | undefined;
}

const jobs = createRoute({
  getParentRoute: () => project,
  path: 'jobs',
  validateSearch: (search: Record<string, unknown>): JobsSearch => ({
    search: textIn(search, 'search'),
    folder: textIn(search, 'folder'),
    lastRun: textIn(search, 'lastRun'),
    source: textIn(search, 'source'),
    target: textIn(search, 'target'),
  }),
  component: lazyRouteComponent(async () => {
    const [{ JobsPage }, dialogs] = await Promise.all([
      import('@/areas/jobs/JobsPage'),
      jobDialogs(),
    ]);
    return { default: () => <JobsPage dialogs={dialogs} /> };
  }),
});

const runs = createRoute({
  getParentRoute: () => project,
  path: 'runs',
  validateSearch: (search: Record<string, unknown>): RunsSearch => ({
    state: textIn(search, 'state'),
    kind: textIn(search, 'kind'),
    job: textIn(search, 'job'),
    bizdate: dateIn(search, 'bizdate'),
    group: textIn(search, 'group'),
    owner: textIn(search, 'owner'),
    from: dateIn(search, 'from'),
    to: dateIn(search, 'to'),
  }),
  component: lazyRouteComponent(() => import('@/areas/runs/RunsPage'), 'RunsPage'),
});

const LEVELS = ['info', 'warning', 'error'] as const;

interface RunSearch {
  tab?: string | undefined;
  /** What is searched for in the log, and its least level. */
  find?: string | undefined;
  level?: (typeof LEVELS)[number] | undefined;
}

const run = createRoute({
  getParentRoute: () => project,
  path: 'runs/$run',
  validateSearch: (search: Record<string, unknown>): RunSearch => ({
    tab: textIn(search, 'tab'),
    find: textIn(search, 'find'),
    level: LEVELS.find((level) => level === search.level),
  }),
  component: lazyRouteComponent(() => import('@/areas/runs/RunPage'), 'RunPage'),
});

interface SchedulesSearch {
  search?: string | undefined;
  state?: string | undefined;
  /** The job whose schedule is open. */
  edit?: string | undefined;
}

const schedules = createRoute({
  getParentRoute: () => project,
  path: 'schedules',
  validateSearch: (search: Record<string, unknown>): SchedulesSearch => ({
    search: textIn(search, 'search'),
    state: textIn(search, 'state'),
    edit: textIn(search, 'edit'),
  }),
  component: lazyRouteComponent(() => import('@/areas/schedules/SchedulesPage'), 'SchedulesPage'),
});

const day = createRoute({
  getParentRoute: () => project,
  path: 'schedules/day',
  validateSearch: (search: Record<string, unknown>): { date?: string | undefined } => ({
    date: dateIn(search, 'date'),
  }),
  component: lazyRouteComponent(() => import('@/areas/schedules/DayPage'), 'DayPage'),
});

const calendars = createRoute({
  getParentRoute: () => project,
  path: 'schedules/calendars',
  component: lazyRouteComponent(() => import('@/areas/schedules/CalendarsPage'), 'CalendarsPage'),
});

interface InstancesSearch {
  state?: string | undefined;
  job?: string | undefined;
  bizdate?: string | undefined;
  backfill?: string | undefined;
}

const instances = createRoute({
  getParentRoute: () => project,
  path: 'schedules/instances',
  validateSearch: (search: Record<string, unknown>): InstancesSearch => ({
    state: textIn(search, 'state'),
    job: textIn(search, 'job'),
    bizdate: dateIn(search, 'bizdate'),
    backfill: textIn(search, 'backfill'),
  }),
  component: lazyRouteComponent(() => import('@/areas/schedules/InstancesPage'), 'InstancesPage'),
});

const instance = createRoute({
  getParentRoute: () => project,
  path: 'schedules/instances/$instance',
  component: lazyRouteComponent(() => import('@/areas/schedules/InstancePage'), 'InstancePage'),
});

const backfills = createRoute({
  getParentRoute: () => project,
  path: 'backfills',
  component: lazyRouteComponent(() => import('@/areas/backfills/BackfillsPage'), 'BackfillsPage'),
});

const newBackfill = createRoute({
  getParentRoute: () => project,
  path: 'backfills/new',
  validateSearch: (search: Record<string, unknown>): { job?: string | undefined } => ({
    job: textIn(search, 'job'),
  }),
  component: lazyRouteComponent(
    () => import('@/areas/backfills/NewBackfillPage'),
    'NewBackfillPage',
  ),
});

const backfill = createRoute({
  getParentRoute: () => project,
  path: 'backfills/$backfill',
  component: lazyRouteComponent(() => import('@/areas/backfills/BackfillPage'), 'BackfillPage'),
});

/** The step of the wizard stands in the address, so that a reload stays where it was. */
interface WizardSearch {
  step?: StepName | undefined;
  /** What is opened over it at once. */
  open?: 'run' | 'submit' | undefined;
}

function wizardSearch(search: Record<string, unknown>): WizardSearch {
  const { open } = search;
  return {
    step: STEPS.find((name) => name === search.step),
    open: open === 'run' || open === 'submit' ? open : undefined,
  };
}

/** The dialogs that other areas draw for the editors of jobs. */
async function jobDialogs() {
  const [{ RunDialog }, { VersionsDrawer }, { SubmitDrawer }] = await Promise.all([
    import('@/areas/runs/RunDialog'),
    import('@/areas/versions/VersionsDrawer'),
    import('@/areas/schedules/SubmitDrawer'),
  ]);
  return { RunDialog, Versions: VersionsDrawer, Submit: SubmitDrawer };
}

async function wizardDialogs() {
  const [dialogs, { NewDatasource }] = await Promise.all([
    jobDialogs(),
    import('@/areas/datasources/DatasourceDrawer'),
  ]);
  return { ...dialogs, NewDatasource };
}

const newJob = createRoute({
  getParentRoute: () => project,
  path: 'new-job',
  validateSearch: (search: Record<string, unknown>): WizardSearch & { folder: string } => ({
    ...wizardSearch(search),
    folder: typeof search.folder === 'string' ? search.folder : '',
  }),
  component: lazyRouteComponent(async () => {
    const [{ NewWizardPage }, dialogs] = await Promise.all([
      import('@/areas/wizard/WizardPage'),
      wizardDialogs(),
    ]);
    return { default: () => <NewWizardPage dialogs={dialogs} /> };
  }),
});

const wizard = createRoute({
  getParentRoute: () => project,
  path: 'jobs/$job/wizard',
  validateSearch: wizardSearch,
  component: lazyRouteComponent(async () => {
    const [{ WizardPage }, dialogs] = await Promise.all([
      import('@/areas/wizard/WizardPage'),
      wizardDialogs(),
    ]);
    return { default: () => <WizardPage dialogs={dialogs} /> };
  }),
});

interface ScriptSearch {
  open?: 'run' | 'submit' | undefined;
}

function scriptSearch({ open }: Record<string, unknown>): ScriptSearch {
  return { open: open === 'run' || open === 'submit' ? open : undefined };
}

const newScript = createRoute({
  getParentRoute: () => project,
  path: 'new-script',
  validateSearch: (search: Record<string, unknown>): ScriptSearch & { folder: string } => ({
    ...scriptSearch(search),
    folder: textIn(search, 'folder') ?? '',
  }),
  component: lazyRouteComponent(async () => {
    const [{ NewScriptPage }, dialogs] = await Promise.all([
      import('@/areas/script/ScriptPage'),
      jobDialogs(),
    ]);
    return { default: () => <NewScriptPage dialogs={dialogs} /> };
  }),
});

const script = createRoute({
  getParentRoute: () => project,
  path: 'jobs/$job/script',
  validateSearch: scriptSearch,
  component: lazyRouteComponent(async () => {
    const [{ ScriptPage }, dialogs] = await Promise.all([
      import('@/areas/script/ScriptPage'),
      jobDialogs(),
    ]);
    return { default: () => <ScriptPage dialogs={dialogs} /> };
  }),
});

const groups = createRoute({
  getParentRoute: () => project,
  path: 'groups',
  component: lazyRouteComponent(() => import('@/areas/groups/GroupsPage'), 'GroupsPage'),
});

const group = createRoute({
  getParentRoute: () => project,
  path: 'groups/$group',
  component: lazyRouteComponent(() => import('@/areas/groups/GroupPage'), 'GroupPage'),
});

const ALERT_STATES = ['waiting', 'sending', 'sent', 'failed', 'dropped'] as const;

interface AlertsSearch {
  tab?: AlertTab | undefined;
  state?: Schemas['AlertState'] | undefined;
  rule?: string | undefined;
}

const alerts = createRoute({
  getParentRoute: () => project,
  path: 'alerts',
  validateSearch: (search: Record<string, unknown>): AlertsSearch => ({
    tab: wordIn(search, 'tab', ALERT_TABS),
    state: wordIn(search, 'state', ALERT_STATES),
    rule: textIn(search, 'rule'),
  }),
  component: lazyRouteComponent(() => import('@/areas/alerts/AlertsPage'), 'AlertsPage'),
});

const settings = createRoute({
  getParentRoute: () => project,
  path: 'settings',
  validateSearch: (search: Record<string, unknown>): { part?: Part | undefined } => ({
    part: wordIn(search, 'part', PARTS),
  }),
  component: lazyRouteComponent(() => import('@/areas/settings/SettingsPage'), 'SettingsPage'),
});

const profile = createRoute({
  getParentRoute: () => project,
  path: 'profile',
  component: lazyRouteComponent(
    () => import('@/areas/settings/profile/ProfilePage'),
    'ProfilePage',
  ),
});

const bareProfile = createRoute({
  getParentRoute: () => root,
  path: '/profile',
  component: lazyRouteComponent(
    () => import('@/areas/settings/profile/ProfilePage'),
    'BareProfilePage',
  ),
});

const routes = root.addChildren([
  start,
  bareProfile,
  project.addChildren([
    overview,
    datasources,
    datasource,
    jobs,
    newJob,
    newScript,
    wizard,
    script,
    runs,
    run,
    schedules,
    calendars,
    day,
    instances,
    instance,
    backfills,
    newBackfill,
    backfill,
    groups,
    group,
    alerts,
    settings,
    profile,
  ]),
]);

export const router = createRouter({
  routeTree: routes,
  defaultPreload: 'intent',
  defaultErrorComponent: Broken,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
