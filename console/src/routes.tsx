/** Every route on one page. Pages are loaded when they are entered. */

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';
import { Frame } from '@/areas/frame/Frame';
import { NotFound } from '@/areas/frame/NotFound';
import { Start } from '@/areas/frame/Start';
import { STEPS, type StepName } from '@/areas/wizard/draft';

const root = createRootRoute({ notFoundComponent: NotFound });

const start = createRoute({ getParentRoute: () => root, path: '/', component: Start });

/** A text of the address; anything else counts as none. */
function textIn(search: Record<string, unknown>, name: string): string | undefined {
  const value = search[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
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

const datasource = createRoute({
  getParentRoute: () => project,
  path: 'datasources/$datasource',
  component: lazyRouteComponent(
    () => import('@/areas/datasources/DatasourcePage'),
    'DatasourcePage',
  ),
});

interface JobsSearch {
  search?: string | undefined;
  folder?: string | undefined;
}

const jobs = createRoute({
  getParentRoute: () => project,
  path: 'jobs',
  validateSearch: (search: Record<string, unknown>): JobsSearch => ({
    search: textIn(search, 'search'),
    folder: textIn(search, 'folder'),
  }),
  component: lazyRouteComponent(async () => {
    const [{ JobsPage }, { RunDialog }] = await Promise.all([
      import('@/areas/jobs/JobsPage'),
      import('@/areas/runs/RunDialog'),
    ]);
    return { default: () => <JobsPage RunDialog={RunDialog} /> };
  }),
});

interface RunsSearch {
  state?: string | undefined;
  kind?: string | undefined;
  job?: string | undefined;
  bizdate?: string | undefined;
}

const runs = createRoute({
  getParentRoute: () => project,
  path: 'runs',
  validateSearch: (search: Record<string, unknown>): RunsSearch => ({
    state: textIn(search, 'state'),
    kind: textIn(search, 'kind'),
    job: textIn(search, 'job'),
    bizdate: textIn(search, 'bizdate'),
  }),
  component: lazyRouteComponent(() => import('@/areas/runs/RunsPage'), 'RunsPage'),
});

const run = createRoute({
  getParentRoute: () => project,
  path: 'runs/$run',
  component: lazyRouteComponent(() => import('@/areas/runs/RunPage'), 'RunPage'),
});

/** The step of the wizard stands in the address, so that a reload stays where it was. */
interface WizardSearch {
  step?: StepName;
}

function wizardSearch(search: Record<string, unknown>): WizardSearch {
  const step = STEPS.find((name) => name === search.step);
  return step ? { step } : {};
}

const newJob = createRoute({
  getParentRoute: () => project,
  path: 'new-job',
  validateSearch: (search: Record<string, unknown>): WizardSearch & { folder: string } => ({
    ...wizardSearch(search),
    folder: typeof search.folder === 'string' ? search.folder : '',
  }),
  component: lazyRouteComponent(() => import('@/areas/wizard/WizardPage'), 'NewWizardPage'),
});

const wizard = createRoute({
  getParentRoute: () => project,
  path: 'jobs/$job/wizard',
  validateSearch: wizardSearch,
  component: lazyRouteComponent(() => import('@/areas/wizard/WizardPage'), 'WizardPage'),
});

const newScript = createRoute({
  getParentRoute: () => project,
  path: 'new-script',
  validateSearch: (search: Record<string, unknown>): { folder: string } => ({
    folder: textIn(search, 'folder') ?? '',
  }),
  component: lazyRouteComponent(() => import('@/areas/script/ScriptPage'), 'NewScriptPage'),
});

const script = createRoute({
  getParentRoute: () => project,
  path: 'jobs/$job/script',
  component: lazyRouteComponent(() => import('@/areas/script/ScriptPage'), 'ScriptPage'),
});

const routes = root.addChildren([
  start,
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
  ]),
]);

export const router = createRouter({ routeTree: routes, defaultPreload: 'intent' });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
