import type { Page } from '@playwright/test';
import { expectAccessible } from '../acts/axe';
import { chooseSide, connect, expectState, field, next, openWizard, run } from '../acts/wizard';
import { addDatasources, POSTGRESQL } from '../stage/scene';
import { expect, test } from '../story';

test('14. what is wrong in the wizard is told at its field, and is not run before it is mended', async ({
  page,
  scene,
}) => {
  await addDatasources(scene);
  await scene.database.sql(
    `CREATE TABLE a (id bigint PRIMARY KEY, name text, big bigint);
     CREATE TABLE b (id bigint PRIMARY KEY, name varchar(3), big int, kind text NOT NULL);
     INSERT INTO a VALUES (1, 'one', 1), (2, 'two', 2);`,
  );
  await openWizard(page, scene);
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('a to b');
  await chooseSide(page, POSTGRESQL, 'public.a');
  await next(page);
  await chooseSide(page, POSTGRESQL, 'public.b');
  await next(page);
  await page.getByRole('button', { name: 'Same name' }).click();

  await test.step('values that may not fit are told beside their lines', async () => {
    const warning = page.getByRole('alert').filter({ hasText: '2 fields may not fit' });
    await expect(warning).toContainText('name: text may be too long');
    await expect(warning).toContainText('big: numbers may be too large');
    await expect(page.locator('.line.doubtful')).toHaveCount(2);
    await page
      .getByRole('radiogroup', { name: 'Which fields are shown' })
      .getByText('Warnings')
      .click();
    await expect(field(page, 'target', 'id')).toBeHidden();
    await expect(field(page, 'target', 'big')).toBeVisible();
    await page.getByText('All', { exact: true }).click();
  });

  await test.step('a field that must have a value stops the run, and is led to', async () => {
    await expect(page.getByText('1 field must have a value and gets none')).toBeVisible();
    await expectBlocked(page);
    await toReview(page);
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Mend it in Mapping' }).click();
    await expect(field(page, 'target', 'kind')).toBeFocused();
  });

  await test.step('a value that is none stops it, too', async () => {
    const value = page.getByRole('textbox', { name: 'Further value of the source' });
    await value.fill('first-name');
    await expect(page.getByText('Unrecognized', { exact: true })).toBeVisible();
    await value.press('Enter');
    await connect(page, 'first-name', 'kind');
    await expectBlocked(page);
    await toReview(page);
    await page.getByRole('button', { name: 'Mend it in Mapping' }).click();
    await expect(field(page, 'target', 'kind')).toBeFocused();
    await value.fill("upper('new')");
    await expect(page.getByText('Expression', { exact: true })).toBeVisible();
    await value.press('Enter');
    await connect(page, "upper('new')", 'kind');
  });

  await expect(page.getByRole('button', { name: 'Save and run' })).toBeEnabled();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page).toHaveURL(/\/jobs\/[^/]+\/wizard/);
  await expect(page.getByRole('button', { name: 'Submit', exact: true })).toBeEnabled();
  await run(page);
  await expectState(page, 'Succeeded');
  expect(await scene.database.sql('SELECT count(*), min(kind) FROM b')).toBe('2|NEW');
});

async function expectBlocked(page: Page) {
  await expect(page.getByRole('button', { name: 'Save and run' })).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Submit', exact: true })).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Save', exact: true })).toBeEnabled();
}

async function toReview(page: Page) {
  await next(page);
  await next(page);
  await expect(page.getByRole('heading', { name: 'Script' })).toBeVisible();
}
