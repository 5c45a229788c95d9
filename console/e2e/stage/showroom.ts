/** A project with enough in it to be looked at: its rows are counted out, its people and shops are numbers. */

import { expect } from '@playwright/test';
import type { Stage } from '../story';
import { createDatabase } from './postgresql';
import {
  addDatasources,
  addJob,
  ODPS,
  POSTGRESQL,
  runJob,
  scheduleDaily,
  startBackfill,
  type Scene,
} from './scene';
import { ok } from './server';

/** What a page of the project is about. */
export interface Showroom {
  scene: Scene;
  wizard: string;
  script: string;
  strict: string;
  datasource: string;
  instance: string;
  backfill: string;
  /** Runs in the states that look different. */
  copied: string;
  dirty: string;
  failed: string;
  running: string;
  /** A project in which nothing is yet. */
  bare: string;
}

export async function furnish(stage: Stage, name: string): Promise<Showroom> {
  const created = await stage.api.POST('/api/v1/projects', { body: { name } });
  const bare = await stage.api.POST('/api/v1/projects', { body: { name: `${name}_empty` } });
  const project = ok(created).id;
  const scene: Scene = { stage, project, name, database: await createDatabase(name) };
  await addDatasources(scene);
  await addStores(scene);
  await addRows(scene);
  const jobs = await addJobs(scene);
  await addAround(scene, jobs.wizard);

  await scheduleDaily(scene, jobs.wizard);
  await scheduleDaily(scene, jobs.script);
  const backfill = await startBackfill(scene, jobs.wizard);
  const copied = await runJob(scene, jobs.orders);
  const dirty = await runJob(scene, jobs.dirty);
  const failed = await runJob(scene, jobs.strict);
  const running = await startEndless(scene, jobs.endless);

  const path = { project };
  const { items: instances } = ok(
    await stage.api.GET('/api/v1/projects/{project}/instances', { params: { path } }),
  );
  const { items: datasources } = ok(
    await stage.api.GET('/api/v1/projects/{project}/datasources', { params: { path } }),
  );
  return {
    scene,
    wizard: jobs.wizard,
    script: jobs.script,
    strict: jobs.strict,
    datasource: datasources.find((it) => it.name === POSTGRESQL)?.id ?? '',
    instance: instances[0]?.id ?? '',
    backfill,
    copied: copied.id,
    dirty: dirty.id,
    failed: failed.id,
    running,
    bare: ok(bare).id,
  };
}

/** Ends what does not end by itself. */
export async function close({ scene, running }: Showroom): Promise<void> {
  ok(
    await scene.stage.api.POST('/api/v1/projects/{project}/runs/{run}/stop', {
      params: { path: { project: scene.project, run: running } },
    }),
  );
}

/** Data sources beside the two that jobs use: one that is tested well, one that nobody answers for. */
async function addStores({ stage, project, database }: Scene): Promise<void> {
  const { jdbcUrl, username, password } = database;
  const post = (name: string, description: string, config: Record<string, unknown>) =>
    stage.api.POST('/api/v1/projects/{project}/datasources', {
      params: { path: { project } },
      body: { name, description, connector: 'postgresql', config },
    });
  const shop = { jdbcUrl: [jdbcUrl], username, password };
  const tested = ok(await post('shop_orders', 'Orders of the numbered shops', shop));
  const away = { ...shop, jdbcUrl: ['jdbc:postgresql://127.0.0.1:1/stock'] };
  const lost = ok(await post('stock', 'What lies in the warehouse', away));
  for (const { id } of [tested, lost]) {
    ok(
      await stage.api.POST('/api/v1/projects/{project}/datasources/{datasource}/test', {
        params: { path: { project, datasource: id } },
      }),
    );
  }
}

const FIELDS = ['id', 'name', 'year', 'birthdate', 'ismarried', 'interest', 'salary'];
/** The days that are made up for. */
const DAYS = ['20240228', '20240229'];

async function addRows({ stage, database }: Scene): Promise<void> {
  const { sql } = stage.maxcompute;
  await sql('DROP TABLE IF EXISTS hpg');
  await sql(
    `CREATE TABLE hpg (id BIGINT, name STRING, year INT, birthdate DATETIME, ismarried BOOLEAN,
      interest STRING, salary DOUBLE) PARTITIONED BY (pt STRING)`,
  );
  for (const day of DAYS) {
    const rows = Array.from(
      { length: 40 },
      (_, n) =>
        `(${n + 1}, 'person ${n + 1}', ${1960 + n}, DATETIME '${1960 + n}-03-04 05:06:07', ${n % 2 === 0}, ` +
        `${n % 5 === 0 ? 'NULL' : `'interest ${n % 7}'`}, ${1000 + n * 12.5})`,
    );
    await sql(`INSERT INTO hpg PARTITION (pt='${day}') VALUES ${rows.join(', ')}`);
  }
  await database.sql(
    `CREATE TABLE public.person (id bigint PRIMARY KEY, name text NOT NULL, year int, birthdate timestamp,
       ismarried boolean, interest text, salary real, day text, origin text);
     CREATE TABLE public.orders (id bigint PRIMARY KEY, shop int NOT NULL, ordered_at timestamptz NOT NULL,
       amount numeric(12, 2), note text);
     INSERT INTO public.orders SELECT i, i % 40, timestamptz '2024-02-29 00:00Z' + i * interval '1 second',
       (i % 9973) / 100.0, CASE WHEN i % 11 = 0 THEN 'note ' || i END FROM generate_series(1, 250000) i;
     CREATE TABLE public.orders_archive (LIKE public.orders INCLUDING ALL);
     CREATE TABLE public.answers (id bigint, rating text);
     INSERT INTO public.answers SELECT i, CASE WHEN i % 50 = 0 THEN 'no answer' WHEN i % 90 = 0 THEN 'n/a'
       ELSE (i % 5)::text END FROM generate_series(1, 2000) i;
     CREATE TABLE public.ratings (id bigint PRIMARY KEY, rating int);
     ANALYZE;`,
  );
}

async function addJobs(scene: Scene) {
  const hpg = {
    plugin: 'odps',
    parameter: {
      datasource: ODPS,
      table: 'hpg',
      partition: 'pt=${bdp.system.bizdate}',
      column: FIELDS,
    },
  };
  const person = postgresql('person', FIELDS, {
    preSql: ['DELETE FROM public.person'],
    postSql: [],
    writeMode: 'insert',
  });
  const orders = ['id', 'shop', 'ordered_at', 'amount', 'note'];
  const ratings = postgresql('ratings', ['id', 'rating'], {
    preSql: ['TRUNCATE public.ratings'],
  });
  const answers = postgresql('answers', ['id', 'rating']);
  const endless = {
    plugin: 'stream',
    parameter: {
      rowCount: 1_000_000_000,
      column: [
        { name: 'id', type: 'long', incr: '1,1' },
        { name: 'note', value: 'a generated row' },
      ],
    },
  };
  const add = (name: string, folder: string, reader: object, writer: object, setting: object) =>
    addJob(scene, {
      name,
      folder,
      mode: 'wizard',
      document: documentOf(reader, writer, setting),
    });
  return {
    wizard: await add('people from the warehouse', 'people', hpg, person, {
      speed: { concurrent: 4, mbps: 8 },
      errorLimit: { record: 10 },
    }),
    script: await addJob(scene, {
      name: 'people to the warehouse',
      folder: 'people',
      document: EXPORT,
    }),
    orders: await add(
      'orders to the archive',
      'orders/nightly',
      postgresql('orders', orders, { splitPk: 'id' }),
      postgresql('orders_archive', orders, { preSql: ['TRUNCATE public.orders_archive'] }),
      { speed: { concurrent: 4, mbps: 4 } },
    ),
    dirty: await add('ratings', 'orders', answers, ratings, {
      speed: { concurrent: 1 },
      errorLimit: { record: 100 },
    }),
    strict: await add('ratings, strictly', 'orders', answers, ratings, {
      speed: { concurrent: 1 },
      errorLimit: { record: 0 },
    }),
    endless: await addJob(scene, {
      name: 'generated rows',
      document: documentOf(
        endless,
        { plugin: 'stream', parameter: {} },
        { speed: { concurrent: 4, mbps: 2 } },
      ),
    }),
  };
}

/** A rule that tells of failures, a way to tell, a group, and a second person. */
async function addAround({ stage: { api }, project, name }: Scene, job: string): Promise<void> {
  const params = { path: { project } };
  const hook = ok(
    await api.POST('/api/v1/projects/{project}/alert-channels', {
      params,
      body: {
        name: 'on call',
        kind: 'webhook',
        config: { url: 'http://127.0.0.1:9/alerts', secret: 'hunter2-webhook-secret' },
      },
    }),
  );
  const base = { channels: [hook.id], groupMinutes: 5 };
  const rule = '/api/v1/projects/{project}/alert-rules';
  ok(
    await api.POST(rule, {
      params,
      body: {
        ...base,
        name: 'whatever fails',
        object: { kind: 'project' },
        triggers: [{ kind: 'failed' }, { kind: 'dirtyOver', rows: 20 }],
      },
    }),
  );
  ok(
    await api.POST(rule, {
      params,
      body: {
        ...base,
        name: 'people are late',
        object: { kind: 'schedules', jobs: [job] },
        triggers: [{ kind: 'late', by: '08:00' }],
      },
    }),
  );
  ok(
    await api.POST('/api/v1/projects/{project}/resource-groups', {
      params,
      body: { name: `${name}_nightly`, description: 'Copies of the night', slots: 4 },
    }),
  );
  const account = ok(
    await api.POST('/api/v1/accounts', {
      body: { name: `${name}_operator`, password: 'hunter2-operator' },
    }),
  );
  ok(
    await api.PUT('/api/v1/projects/{project}/members/{account}', {
      params: { path: { project, account: account.id } },
      body: { role: 'operator' },
    }),
  );
}

/** Starts a run, and waits until it moves rows. */
async function startEndless({ stage: { api }, project }: Scene, job: string): Promise<string> {
  const run = ok(
    await api.POST('/api/v1/projects/{project}/jobs/{job}/runs', {
      params: { path: { project, job } },
      body: {},
    }),
  );
  const params = { path: { project, run: run.id } };
  const rows = async () =>
    ok(await api.GET('/api/v1/projects/{project}/runs/{run}', { params })).rowsRead ?? 0;
  await expect.poll(rows, { timeout: 60_000 }).toBeGreaterThan(0);
  return run.id;
}

function postgresql(table: string, column: string[], further: object = {}) {
  return {
    plugin: 'postgresql',
    parameter: { datasource: POSTGRESQL, table: `public.${table}`, column, ...further },
  };
}

function documentOf(reader: object, writer: object, setting: object) {
  return { type: 'job', version: '1.0', configuration: { reader, writer, setting } };
}

const EXPORT = `{
  "type": "job",
  "version": "1.0",
  "configuration": {
    "reader": {
      "plugin": "postgresql",
      "parameter": {
        "datasource": "${POSTGRESQL}",
        "table": "public.person",
        // Who is younger goes another way.
        "where": "year < 1990",
        "splitPk": "id",
        "column": ["id", "name", "year", "salary"]
      }
    },
    "writer": {
      "plugin": "odps",
      "parameter": {
        "datasource": "${ODPS}",
        "table": "people_export",
        "partition": "pt=\${bdp.system.bizdate}",
        "truncate": true,
        "column": ["id", "name", "year", "salary"]
      }
    },
    "setting": {
      "speed": { "concurrent": 5, "mbps": 5 },
      "errorLimit": { "record": 0 }
    }
  }
}
`;
