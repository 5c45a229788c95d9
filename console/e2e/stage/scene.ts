/** A project of its own for each story, and what the server's API is asked to put into it. */

import { expect } from '@playwright/test';
import type { Stage } from '../story';
import { KEY, MAXCOMPUTE_PROJECT } from './maxcompute';
import { createDatabase, type Database } from './postgresql';
import { ok, revisionOf, type Schemas } from './server';

export interface Scene {
  stage: Stage;
  /** The project's id and name. */
  project: string;
  name: string;
  database: Database;
}

let made = 0;

export async function createScene(stage: Stage, story: string): Promise<Scene> {
  made += 1;
  const name = `story_${story}_${made}`;
  const project = ok(await stage.api.POST('/api/v1/projects', { body: { name } }));
  return { stage, project: project.id, name, database: await createDatabase(`story_${story}`) };
}

/** The two stores, under the names that the seed's documents use. */
export const POSTGRESQL = 'l_PostGreSql';
export const ODPS = 'odps_first';

export async function addDatasources(scene: Scene): Promise<void> {
  const { jdbcUrl, username, password } = scene.database;
  await addDatasource(scene, POSTGRESQL, 'postgresql', { jdbcUrl: [jdbcUrl], username, password });
  await addDatasource(scene, ODPS, 'odps', {
    endpoint: scene.stage.maxcompute.endpoint,
    project: MAXCOMPUTE_PROJECT,
    accessId: KEY.id,
    accessKey: KEY.secret,
  });
}

async function addDatasource(
  { stage, project }: Scene,
  name: string,
  connector: string,
  config: Record<string, unknown>,
): Promise<void> {
  ok(
    await stage.api.POST('/api/v1/projects/{project}/datasources', {
      params: { path: { project } },
      body: { name, connector, config },
    }),
  );
}

interface NewJob {
  name: string;
  document: object | string;
  mode?: Schemas['JobMode'];
  folder?: string;
}

/** A job that runs may use, since its first version is published; returns its id. */
export async function addJob({ stage, project }: Scene, job: NewJob): Promise<string> {
  const { name, document, mode = 'script', folder = '' } = job;
  const text = typeof document === 'string' ? document : JSON.stringify(document, null, 2);
  const created = await stage.api.POST('/api/v1/projects/{project}/jobs', {
    params: { path: { project } },
    body: { name, folder, mode, document: text },
  });
  const { id } = ok(created);
  ok(
    await stage.api.POST('/api/v1/projects/{project}/jobs/{job}/publish', {
      params: {
        path: { project, job: id },
        header: { 'If-Match': revisionOf(created) },
      },
      body: {},
    }),
  );
  return id;
}

/** Runs a job to its end. */
export async function runJob(scene: Scene, job: string): Promise<Schemas['RunDetail']> {
  const { stage, project } = scene;
  const run = ok(
    await stage.api.POST('/api/v1/projects/{project}/jobs/{job}/runs', {
      params: { path: { project, job } },
      body: {},
    }),
  );
  return untilEnded(scene, run.id);
}

/** Waits for the end of a run. */
export async function untilEnded(
  { stage, project }: Scene,
  run: string,
): Promise<Schemas['RunDetail']> {
  const look = async () =>
    ok(
      await stage.api.GET('/api/v1/projects/{project}/runs/{run}', {
        params: { path: { project, run } },
      }),
    );
  await expect.poll(async () => (await look()).endedAt, { timeout: 60_000 }).toBeTruthy();
  return look();
}

/** The draft of a job as the server has it. */
export async function draftOf(
  { stage, project }: Scene,
  job: string,
): Promise<Schemas['JobVersion']> {
  const answer = await stage.api.GET('/api/v1/projects/{project}/jobs/{job}', {
    params: { path: { project, job } },
  });
  return ok(answer).draft;
}

/** Lets a job run every night. */
export async function scheduleDaily({ stage, project }: Scene, job: string): Promise<void> {
  const path = { project, job };
  const put = await stage.api.PUT('/api/v1/projects/{project}/jobs/{job}/schedule', {
    params: { path },
    body: { cycle: { kind: 'day', at: '00:15' }, zone: 'Asia/Shanghai' },
  });
  ok(put);
  ok(
    await stage.api.POST('/api/v1/projects/{project}/jobs/{job}/schedule/submit', {
      params: { path, header: { 'If-Match': revisionOf(put) } },
    }),
  );
}

/** Makes up for two days of a job; waits until both are over, and returns its id. */
export async function startBackfill({ stage, project }: Scene, job: string): Promise<string> {
  const { id } = ok(
    await stage.api.POST('/api/v1/projects/{project}/backfills', {
      params: { path: { project } },
      body: { jobs: [job], from: '2024-02-28', to: '2024-02-29' },
    }),
  );
  const params = { path: { project, backfill: id } };
  const look = async () =>
    ok(await stage.api.GET('/api/v1/projects/{project}/backfills/{backfill}', { params })).state;
  await expect.poll(look, { timeout: 60_000 }).toBe('succeeded');
  return id;
}
