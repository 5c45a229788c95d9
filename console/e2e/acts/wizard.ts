/** The job wizard, as a person goes through it. */

import { expect, type Page } from '@playwright/test';
import type { Scene } from '../stage/scene';
import { choose } from './form';

export async function openWizard(page: Page, { project }: Scene): Promise<void> {
  await page.goto(`/projects/${project}/jobs`);
  await page.getByRole('button', { name: 'New job' }).click();
  await page.getByRole('menuitem', { name: 'Wizard' }).click();
  await expect(page.getByRole('combobox', { name: 'Data source' })).toBeVisible();
}

/** A data source, as the list shows it, and a table of it. */
export async function chooseSide(page: Page, datasource: string, table: string): Promise<void> {
  await choose(page.getByRole('combobox', { name: 'Data source' }), datasource);
  await choose(page.getByRole('combobox', { name: 'Table' }), table);
}

export async function next(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Next', exact: true }).click();
}

export async function addStatement(page: Page, name: string, statement: string): Promise<void> {
  const group = page.getByRole('group', { name });
  await group.getByRole('button', { name: 'Add a statement' }).click();
  await group.getByRole('textbox').last().fill(statement);
}

/** A field in one of the two lists of the mapping. */
export function field(page: Page, side: 'source' | 'target', name: string) {
  return page
    .getByRole('list', { name: `Fields of the ${side}` })
    .getByRole('button', { name: `${name},` });
}

/** Chooses a field on the left, and then one on the right. */
export async function connect(page: Page, source: string, target: string): Promise<void> {
  await field(page, 'source', source).click();
  await field(page, 'target', target).click();
  await expectFilled(page, target, source);
}

export async function expectFilled(page: Page, target: string, source: string): Promise<void> {
  const list = page.getByRole('list', { name: 'Fields of the target' });
  const row = list.getByRole('button', { name: `${target},` });
  await expect(row.and(list.getByRole('button', { name: `filled from ${source}` }))).toBeVisible();
}

/** Saves under a name, and waits until it is. */
export async function saveAs(page: Page, name: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page).toHaveURL(/\/jobs\/[^/]+\/(wizard|script)/);
  await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeEnabled();
}

/** The business date of the stories, and as `${bdp.system.bizdate}` gives it. */
export const DAY = '2024-01-01';
export const BIZDATE = '20240101';

/** Starts what is open, for the business date of the stories, and goes along to its run. */
export async function run(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  const dialog = page.getByRole('dialog');
  // What is open is a draft, whatever was published before.
  await dialog.getByRole('radio', { name: /^Draft/ }).check();
  await dialog.getByLabel('Business date').fill(DAY);
  await dialog.getByLabel('Business date').press('Enter');
  await dialog.getByRole('button', { name: 'Run', exact: true }).click();
  await expect(page).toHaveURL(/\/runs\//);
}

/** Waits until the run that is open has come to a state. */
export async function expectState(page: Page, state: string): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: /^Run #/ })).toBeVisible();
  await expect(page.getByText(state, { exact: true }).first()).toBeVisible({ timeout: 60_000 });
}
