import type { Page } from '@playwright/test';
import { expectAccessible } from '../acts/axe';
import { addEntry, rowOf } from '../acts/form';
import { KEY, MAXCOMPUTE_PROJECT } from '../stage/maxcompute';
import { expect, test } from '../story';

test('2. two data sources: a wrong password is told, the right one works', async ({
  page,
  scene,
}) => {
  await page.goto(`/projects/${scene.project}/datasources`);
  await expect(page.getByText('There are no data sources yet')).toBeVisible();
  await expectAccessible(page);

  await openForm(page, 'postgresql');
  const form = page.getByRole('dialog');
  await form.getByLabel('Name', { exact: true }).fill('l_PostGreSql');
  await addEntry(form.getByRole('combobox', { name: 'JDBC URL' }), scene.database.jdbcUrl);
  await form.getByLabel('Username').fill(scene.database.username);
  await form.getByLabel('Password').fill('hunter2-is-not-it');
  await form.getByRole('button', { name: 'Test connectivity' }).click();
  await expect(form.getByText('The test has failed')).toBeVisible();
  await expect(form.getByText(/password authentication failed/)).toBeVisible();
  await expectAccessible(page);
  await form.getByLabel('Password').fill(scene.database.password);
  await form.getByRole('button', { name: 'Test connectivity' }).click();
  await expect(form.getByText(/^Connected in \d+ ms/)).toBeVisible();
  await form.getByRole('button', { name: 'Complete' }).click();
  await expect(rowOf(page, 'l_PostGreSql')).toContainText('PostgreSQL');

  await openForm(page, 'odps');
  await form.getByLabel('Name', { exact: true }).fill('odps_first');
  await form.getByLabel('Endpoint', { exact: true }).fill(scene.stage.maxcompute.endpoint);
  await form.getByLabel('Project', { exact: true }).fill(MAXCOMPUTE_PROJECT);
  await form.getByLabel('Access ID').fill(KEY.id);
  await form.getByLabel('Access key').fill('hunter2-is-not-it');
  await form.getByRole('button', { name: 'Test connectivity' }).click();
  await expect(form.getByText('The test has failed')).toBeVisible();
  await form.getByLabel('Access key').fill(KEY.secret);
  await form.getByRole('button', { name: 'Test connectivity' }).click();
  await expect(form.getByText(/^Connected in \d+ ms/)).toBeVisible();
  await form.getByRole('button', { name: 'Complete' }).click();
  await expect(rowOf(page, 'odps_first')).toContainText('MaxCompute');

  await page.getByRole('button', { name: 'Test l_PostGreSql' }).click();
  await expect(form.getByText(/^Connected in \d+ ms/)).toBeVisible();
  await form.getByRole('button', { name: 'Close' }).click();
  await expect(rowOf(page, 'l_PostGreSql')).toContainText('Works');

  // What is stored never comes back.
  await page.getByRole('button', { name: 'Edit l_PostGreSql' }).click();
  await expect(form.getByText('Stored')).toBeVisible();
  await expect(form.getByText('hunter2')).toHaveCount(0);
  await expectAccessible(page);
});

async function openForm(page: Page, connector: string) {
  await page.getByRole('button', { name: 'New data source' }).first().click();
  const gallery = page.getByRole('dialog');
  await gallery.getByLabel('Search').fill(connector);
  await gallery.getByRole('button', { name: connector }).click();
}
