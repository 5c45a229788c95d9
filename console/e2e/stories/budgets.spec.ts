import { createWriteStream, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { frames, note, timed } from '../acts/figures';
import { rowOf } from '../acts/form';
import { next } from '../acts/wizard';
import { addDatasources, addJob, POSTGRESQL, runJob, type Scene } from '../stage/scene';
import { expect, test } from '../story';

const KIB = 1024;

test('what a browser loads is small', () => {
  const folder = process.env.LONGSHORE_CONSOLE ?? path.join(import.meta.dirname, '../../dist');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !name.endsWith('.gz') && statSync(path.join(folder, name)).isFile(),
  );
  const size = (name: string) => gzipSync(readFileSync(path.join(folder, name))).length;
  const sum = (names: string[]) => names.reduce((bytes, name) => bytes + size(name), 0);
  const start = readFileSync(path.join(folder, 'index.html'), 'utf8');
  const first = files.filter((name) => name === 'index.html' || start.includes(`/${name}"`));
  note('first load', sum(first) / KIB, 'KiB, compressed');
  note('all files', sum(files) / KIB, 'KiB, compressed');
  expect(first.length).toBeGreaterThan(1);
  expect(sum(first)).toBeLessThanOrEqual(320 * KIB);
  expect(sum(files)).toBeLessThanOrEqual(1_200_000);
});

test('1,000 fields are mapped to 1,000', async ({ page, scene }) => {
  await addDatasources(scene);
  const names = Array.from({ length: 1_000 }, (_, index) => `field_${index}`);
  const columns = names.map((name) => `${name} int`).join(', ');
  await scene.database.sql(`CREATE TABLE a (${columns}); CREATE TABLE b (${columns});`);
  const side = (table: string) => ({
    plugin: 'postgresql',
    parameter: { datasource: POSTGRESQL, table: `public.${table}`, column: names },
  });
  const job = await addJob(scene, {
    name: 'wide',
    mode: 'wizard',
    document: {
      type: 'job',
      version: '1.0',
      configuration: { reader: side('a'), writer: side('b'), setting: {} },
    },
  });
  await page.goto(`/projects/${scene.project}/jobs/${job}/wizard?step=target`);
  await expect(page.getByText('1000 fields').or(page.getByText('1,000 fields'))).toBeVisible();
  await page.waitForLoadState('networkidle');
  const filled = (index: number) =>
    page.getByRole('button', { name: new RegExp(`^field_${index},.*filled from field_${index}$`) });
  await timed('mapping of 1,000 × 1,000 fields, until it is shown', async () => {
    await next(page);
    await filled(0).waitFor({ state: 'visible' });
  });
  await frames(page, 'mapping of 1,000 × 1,000 fields, while it is scrolled', async () => {
    for (let turn = 0; turn < 20; turn += 1) await page.mouse.wheel(0, 600);
  });
  await timed('mapping of 1,000 × 1,000 fields, until its end is shown', async () => {
    await filled(0).press('End');
    await filled(999).waitFor({ state: 'visible' });
  });
  await timed('mapping of 1,000 × 1,000 fields, until it is cleared', async () => {
    await page.getByRole('button', { name: 'Clear' }).click();
    await filled(999).waitFor({ state: 'detached' });
  });
});

test('a list of 10,000 jobs', async ({ page, scene }) => {
  const { store } = scene.stage;
  const job = await addJob(scene, { name: 'job 0', document: EMPTY });
  await store.sql(
    `INSERT INTO job SELECT gen_random_uuid()::text, project_id, 'job ' || i, 'job ' || i, folder, description,
       owner_id, mode, summary, draft_version, published_version, created_at, updated_at, revision
     FROM job, generate_series(1, 9999) i WHERE id = '${job}';
     ANALYZE job;`,
  );
  await timed('list of 10,000 jobs, until it is shown', async () => {
    await page.goto(`/projects/${scene.project}/jobs`);
    await page.getByRole('link', { name: 'job 0', exact: true }).waitFor();
  });
  await page.getByRole('link', { name: 'job 0', exact: true }).hover();
  await frames(page, 'list of 10,000 jobs, while it is scrolled', async () => {
    for (let turn = 0; turn < 40; turn += 1) await page.mouse.wheel(0, 600);
  });
  await timed('list of 10,000 jobs, until one is found', async () => {
    await page.getByRole('searchbox', { name: 'Search' }).fill('job 7777');
    await page.getByRole('searchbox', { name: 'Search' }).press('Enter');
    await page.getByRole('link', { name: 'job 7777', exact: true }).waitFor();
    await page.getByRole('link', { name: 'job 0', exact: true }).waitFor({ state: 'detached' });
  });
  await expect(rowOf(page, 'job 7777')).toHaveCount(1);
});

test('a log of 1,000,000 lines', async ({ page, scene }) => {
  const job = await addJob(scene, { name: 'talkative', document: EMPTY });
  const run = await runJob(scene, job);
  await writeLog(scene, run.id);
  const log = page.getByRole('log');
  await timed('log of 1,000,000 lines, until its end is shown', async () => {
    await page.goto(`/projects/${scene.project}/runs/${run.id}`);
    await log.getByText('line 999999', { exact: true }).waitFor();
  });
  await log.hover();
  await frames(page, 'log of 1,000,000 lines, while it is scrolled', async () => {
    for (let turn = 0; turn < 60; turn += 1) await page.mouse.wheel(0, -800);
  });
  await timed('log of 1,000,000 lines, until its start is shown', async () => {
    await page.getByRole('button', { name: 'From the start' }).click();
    await log.getByText('line 0', { exact: true }).waitFor();
  });
  await timed('log of 1,000,000 lines, until the last one is found', async () => {
    await page.getByRole('searchbox', { name: 'Search the log' }).fill('line 999998');
    await page.getByRole('searchbox', { name: 'Search the log' }).press('Enter');
    await log.getByText('line 999998', { exact: true }).waitFor();
  });
});

const EMPTY = {
  type: 'job',
  version: '1.0',
  configuration: {
    reader: { plugin: 'stream', parameter: { rowCount: 1, column: [{ value: 'x' }] } },
    writer: { plugin: 'stream', parameter: {} },
  },
};

/** Puts a long log in the place of a run's own. */
async function writeLog({ stage }: Scene, run: string) {
  const file = createWriteStream(path.join(stage.server.folder, 'runs', run, 'log.jsonl'));
  const begun = Date.parse('2024-01-01T00:00:00Z');
  for (let part = 0; part < 1_000; part += 1) {
    const lines = Array.from({ length: 1_000 }, (_, index) => {
      const number = part * 1_000 + index;
      const at = new Date(begun + number).toISOString();
      return JSON.stringify({ at, level: 'info', stage: 'run', message: `line ${number}` });
    });
    file.write(`${lines.join('\n')}\n`);
  }
  file.end();
  await finished(file);
}
