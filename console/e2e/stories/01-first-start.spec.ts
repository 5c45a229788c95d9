import { expectAccessible } from '../acts/axe';
import { ADMINISTRATOR, startServer } from '../stage/server';
import { expect, test } from '../story';

test.use({ signedIn: false });

test('1. a new server gets its administrator, who signs in and makes a project', async ({
  page,
  faults,
}) => {
  // Nobody is signed in at first, and the server says so.
  faults.expects(/status of (401|422)/);
  const server = await startServer({ name: 'first-start' });
  await page.goto(server.address);
  await expect(page.getByRole('heading', { name: 'Create the first administrator' })).toBeVisible();
  await expectAccessible(page);

  await page.getByLabel('One-time token').fill(server.token);
  await page.getByLabel('User name').fill(ADMINISTRATOR.name);
  await page.getByLabel('Password', { exact: true }).fill('hunter2');
  await page.getByLabel('Password, once more').fill('hunter2');
  await page.getByRole('button', { name: 'Create and sign in' }).click();
  await expect(page.getByText('12 are the least')).toBeVisible();
  await page.getByLabel('Password', { exact: true }).fill(ADMINISTRATOR.password);
  await page.getByLabel('Password, once more').fill(ADMINISTRATOR.password);
  await page.getByRole('button', { name: 'Create and sign in' }).click();

  await expect(page.getByText('You are not a member of any project yet')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'New project' }).click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('sales');
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();

  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByLabel('User name').fill(ADMINISTRATOR.name);
  await page.getByLabel('Password').fill('hunter2-is-not-it');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('password');
  await page.getByLabel('Password').fill(ADMINISTRATOR.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
  await expect(page.getByRole('combobox', { name: 'Project' })).toBeVisible();
  await server.stop();
});
