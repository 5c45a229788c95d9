import type { Page } from '@playwright/test';
import { expectAccessible } from '../acts/axe';
import { rowOf } from '../acts/form';
import { expectState, run } from '../acts/wizard';
import { addDatasources, addJob, POSTGRESQL, type Scene } from '../stage/scene';
import { expect, test } from '../story';

test('7. dirty rows are counted and shown, and too many fail the run', async ({ page, scene }) => {
  await addDatasources(scene);
  await scene.database.sql(
    `CREATE TABLE a (id bigint, year text); CREATE TABLE b (id bigint PRIMARY KEY, year int);
     INSERT INTO a VALUES (1, '1990'), (2, 'unknown'), (3, '1991'), (3, '1992'), (4, 'n/a');`,
  );
  const job = await addJob(scene, {
    name: 'a to b',
    mode: 'wizard',
    document: {
      type: 'job',
      version: '1.0',
      configuration: {
        reader: side('a', {}),
        writer: side('b', { preSql: ['DELETE FROM b'] }),
        setting: { speed: { concurrent: 1 }, errorLimit: { record: 3 } },
      },
    },
  });
  await page.goto(`/projects/${scene.project}/jobs/${job}/wizard`);
  await run(page);
  await expectState(page, 'Succeeded');
  expect(await scene.database.sql('SELECT count(*) FROM b')).toBe('2');
  await page.getByRole('tab', { name: 'Dirty rows (3)' }).click();
  const reasons = page.getByRole('list', { name: 'Reasons' });
  await expect(reasons).toContainText('b_pkey');
  await expect(rowOf(page, 'unknown')).toContainText('year');
  await expect(rowOf(page, 'n/a')).toBeVisible();
  await reasons.getByRole('button').filter({ hasText: 'b_pkey' }).click();
  await expect(rowOf(page, 'Key (id)=(3) already exists')).toBeVisible();
  await expect(rowOf(page, 'unknown')).toHaveCount(0);
  await expectAccessible(page);

  await allowTwo(page, scene, job);
  await run(page);
  await expectState(page, 'Failed');
  const card = page.getByRole('alert').filter({ hasText: 'Too many dirty rows' });
  await expect(card).toContainText('Likely cause');
  await card.getByRole('button', { name: 'Show dirty rows' }).click();
  await expect(rowOf(page, 'unknown')).toBeVisible();
  await expectAccessible(page);
});

function side(table: string, further: object) {
  const parameter = { datasource: POSTGRESQL, table, column: ['id', 'year'], ...further };
  return { plugin: 'postgresql', parameter };
}

async function allowTwo(page: Page, scene: Scene, job: string) {
  await page.goto(`/projects/${scene.project}/jobs/${job}/wizard?step=channel`);
  await page.getByRole('spinbutton', { name: 'Number of dirty rows' }).fill('2');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Not saved yet')).toHaveCount(0);
}
