import type { Page } from '@playwright/test';
import { everyPage, settled } from '../acts/pages';
import { ok } from '../stage/server';
import type { Scene } from '../stage/scene';
import { expect, test } from '../story';

test.use({ signedIn: false });

const VISITOR = { name: 'e2e.visitor', password: 'hunter2-visitor-only' };

test('15. a visitor sees what they may, and is told why the rest is closed', async ({
  page,
  scene,
  faults,
}) => {
  test.slow();
  // What a page asks for although the role does not grant it, and the first question of who is there.
  faults.expects(/status of 40[13]/);
  const pages = await everyPage(scene);
  await addVisitor(scene);
  await page.goto('/');
  await page.getByLabel('User name').fill(VISITOR.name);
  await page.getByLabel('Password').fill(VISITOR.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();

  for (const address of pages) {
    await test.step(address, async () => {
      await page.goto(address);
      await settled(page);
    });
  }

  const at = (end: string) => page.goto(pages.find((it) => it.endsWith(end)) ?? '');
  await test.step('a job is shown, and neither saved nor run', async () => {
    await at('/wizard');
    await expect(page.getByRole('textbox', { name: 'Name', exact: true })).toHaveValue('a to b');
    for (const name of ['Save', 'Run', 'Submit', 'Switch to script']) {
      await expectClosed(page, name, 'Ask a member who manages this project');
    }
  });
  await test.step('lists have nothing to add', async () => {
    await at('/jobs');
    await expectClosed(page, /New job$/);
    await at('/datasources');
    await expectClosed(page, /New data source$/);
    await at('/alerts');
    await expectClosed(page, /New rule$/, 'Your role does not change alerts');
  });
  await test.step('values of rows and settings stay closed', async () => {
    await page.goto(pages.find((it) => /\/datasources\/[^/]+$/.test(it)) ?? '');
    await expect(page.getByText('does not see the settings of data sources')).toBeVisible();
    await page.goto(pages.find((it) => /\/runs\/[^/]+$/.test(it)) ?? '');
    await page.getByRole('tab', { name: /^Dirty rows/ }).click();
    await expect(page.getByText('Your role may not see dirty rows')).toBeVisible();
    await page.goto(`${pages.find((it) => it.endsWith('/settings'))}?part=members`);
    await expect(page.getByText('sees the members but does not change them')).toBeVisible();
    await page.goto(`${pages.find((it) => it.endsWith('/settings'))}?part=accounts`);
    await expect(page.getByText('Administrators of the instance see this')).toBeVisible();
  });
});

async function addVisitor({ stage, project }: Scene) {
  const { api } = stage;
  const { items } = ok(await api.GET('/api/v1/accounts'));
  const known = items.find(({ name }) => name === VISITOR.name);
  const { id } = known ?? ok(await api.POST('/api/v1/accounts', { body: VISITOR }));
  ok(
    await api.PUT('/api/v1/projects/{project}/members/{account}', {
      params: { path: { project, account: id } },
      body: { role: 'visitor' },
    }),
  );
}

async function expectClosed(page: Page, name: string | RegExp, why?: string) {
  const button = page.getByRole('button', { name, exact: true });
  await expect(button).toBeDisabled();
  if (why === undefined) return;
  // The reason is that of what is around the button, which hears nothing itself.
  await page.locator('.guarded').filter({ has: button }).hover();
  await expect(page.getByRole('tooltip').filter({ hasText: why }).last()).toBeVisible();
}
