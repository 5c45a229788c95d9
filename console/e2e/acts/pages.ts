/** Every page of the console, with something on it. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, type Page } from '@playwright/test';
import {
  addDatasources,
  addJob,
  POSTGRESQL,
  runJob,
  scheduleDaily,
  startBackfill,
  type Scene,
} from '../stage/scene';
import { ok } from '../stage/server';

/** The paths that the console itself declares, so that a new page is visited without being listed here. */
const DECLARED = readFileSync(path.join(import.meta.dirname, '../../src/routes.tsx'), 'utf8');

/** The addresses of all pages, once the project has something to show on each of them. */
export async function everyPage(scene: Scene): Promise<string[]> {
  const parts = await furnish(scene);
  const paths = [...DECLARED.matchAll(/\bpath: '([^']*)'/g)].map(([, found = '']) => found);
  return [...new Set(paths)].map((declared) => {
    const whole = declared.startsWith('/') ? declared : `/projects/$project/${declared}`;
    const isScript = whole.endsWith('/script');
    return whole.replaceAll(/\$(\w+)/g, (_, name: string) => {
      const part = parts[isScript && name === 'job' ? 'script' : name];
      if (!part) throw new Error(`nothing is there to show on the page ${declared}`);
      return part;
    });
  });
}

/** Waits until a page has all that it asked for. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  // Pages ask for their parts one after another, and no single one of them comes last.
  await page.waitForLoadState('networkidle');
}

/** Puts something of each kind into the project; returns what the paths name. */
async function furnish(scene: Scene): Promise<Record<string, string>> {
  const { stage, project, database } = scene;
  await addDatasources(scene);
  await database.sql(
    `CREATE TABLE a (id bigint, year text); CREATE TABLE b (id bigint PRIMARY KEY, year int);
     INSERT INTO a VALUES (1, '1990'), (2, 'unknown'), (3, '1991'), (3, '1992');`,
  );
  const job = await addJob(scene, {
    name: 'a to b',
    mode: 'wizard',
    folder: '',
    document: document({ preSql: ['DELETE FROM b'] }, { errorLimit: { record: 3 } }),
  });
  const script = await addJob(scene, {
    name: 'a to b, strictly',
    document: document({}, { errorLimit: { record: 0 } }),
  });
  const run = await runJob(scene, job);
  await runJob(scene, script);
  await scheduleDaily(scene, job);
  const backfill = await startBackfill(scene, job);
  const { items: datasources } = ok(
    await stage.api.GET('/api/v1/projects/{project}/datasources', {
      params: { path: { project } },
    }),
  );
  const { items: instances } = ok(
    await stage.api.GET('/api/v1/projects/{project}/instances', { params: { path: { project } } }),
  );
  return {
    project,
    job,
    script,
    run: run.id,
    backfill,
    group: 'default',
    datasource: datasources.find(({ name }) => name === POSTGRESQL)?.id ?? '',
    instance: instances[0]?.id ?? '',
  };
}

function side(table: string) {
  return { datasource: POSTGRESQL, table: `public.${table}`, column: ['id', 'year'] };
}

function document(further: object, setting: object) {
  return {
    type: 'job',
    version: '1.0',
    configuration: {
      reader: { plugin: 'postgresql', parameter: side('a') },
      writer: { plugin: 'postgresql', parameter: { ...side('b'), ...further } },
      setting: { speed: { concurrent: 1 }, ...setting },
    },
  };
}
