import { expectAccessible } from '../acts/axe';
import { addStatement, chooseSide, expectFilled, next, openWizard, saveAs } from '../acts/wizard';
import { choose } from '../acts/form';
import { addDatasources, draftOf, POSTGRESQL } from '../stage/scene';
import { ADMINISTRATOR } from '../stage/server';
import { expect, test } from '../story';

test('13. nothing that is typed is lost: going back, a reload, an ended session, another tab', async ({
  page,
  context,
  scene,
  faults,
}) => {
  // Refusals that are part of the story: no session, and a version that others have replaced.
  faults.expects(/status of 401/, /status of 412/);
  await addDatasources(scene);
  await scene.database.sql(
    `CREATE TABLE a (id bigint PRIMARY KEY, name text); CREATE TABLE b (LIKE a INCLUDING ALL);
     CREATE TABLE c (id bigint PRIMARY KEY);`,
  );
  const name = page.getByRole('textbox', { name: 'Name', exact: true });
  const statement = page.getByRole('textbox', { name: 'Statements before 1' });
  const save = page.getByRole('button', { name: 'Save', exact: true });

  await openWizard(page, scene);
  await name.fill('a to b');
  await chooseSide(page, POSTGRESQL, 'public.a');
  await page.getByRole('textbox', { name: 'Filter' }).fill('id > 7');
  await next(page);
  await chooseSide(page, POSTGRESQL, 'public.b');
  await addStatement(page, 'Statements before', 'DELETE FROM b');
  await next(page);
  await page.getByRole('button', { name: 'Same name' }).click();
  await expectFilled(page, 'name', 'name');

  await test.step('a reload in the middle', async () => {
    await page.reload();
    await expect(page.getByText('Here again is what was typed')).toBeVisible();
    await expect(name).toHaveValue('a to b');
    await expectFilled(page, 'name', 'name');
  });

  await test.step('steps back, and another table', async () => {
    const back = page.getByRole('button', { name: 'Back', exact: true });
    await back.click();
    await expect(statement).toHaveText('DELETE FROM b');
    await back.click();
    await expect(page.getByRole('textbox', { name: 'Filter' })).toHaveText('id > 7');
    await choose(page.getByRole('combobox', { name: 'Table' }), 'public.c');
    // The line that has lost its field is told, and comes back.
    const told = page.getByRole('alert').filter({ hasText: 'name → name' });
    await expect(told).toContainText('1 line was removed');
    await told.getByRole('button', { name: 'Undo' }).click();
    await next(page);
    await expect(statement).toHaveText('DELETE FROM b');
    await next(page);
    await expectFilled(page, 'name', 'name');
  });

  await test.step('a session that has ended', async () => {
    await context.clearCookies();
    await save.click();
    const again = page.getByRole('dialog', { name: 'Your session has ended' });
    await expect(again).toContainText('is still there');
    await again.getByRole('textbox', { name: 'Password' }).fill(ADMINISTRATOR.password);
    await again.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(again).toBeHidden();
    await expect(name).toHaveValue('a to b');
    await expectFilled(page, 'name', 'name');
    await saveAs(page, 'a to b');
  });

  await test.step('another tab', async () => {
    const other = await context.newPage();
    await other.goto(page.url());
    const otherName = other.getByRole('textbox', { name: 'Name', exact: true });
    await expect(otherName).toHaveValue('a to b');
    await name.fill('first tab');
    await expect(other.getByText('is edited in another tab')).toBeVisible();
    await otherName.fill('second tab');
    await other.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(other.getByRole('button', { name: 'Run', exact: true })).toBeEnabled();
    await other.close();

    await expect(name).toHaveValue('first tab');
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.getByRole('spinbutton', { name: 'Retries' }).fill('1');
    await save.click();
    await expect(page.getByText('Somebody else has saved this job')).toBeVisible();
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    const both = page.getByRole('dialog', { name: 'What others have saved' });
    await expect(both.getByRole('region', { name: 'Difference' })).toContainText('"retries": 1');
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Keep mine' }).click();
    await expect(page.getByText('Somebody else has saved this job')).toBeHidden();
    await expect(page.getByRole('button', { name: 'Run', exact: true })).toBeEnabled();
    await expect(name).toHaveValue('first tab');
  });

  const job = /jobs\/([^/]+)\/wizard/.exec(page.url())?.[1] ?? '';
  const { document } = await draftOf(scene, job);
  expect(document).toContain('"retries": 1');
  expect(document).toContain('id > 7');
  expect(document).toContain('DELETE FROM b');
});
