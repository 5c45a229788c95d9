import type { Page } from '@playwright/test';
import { expectAccessible } from '../acts/axe';
import { everyPage, settled } from '../acts/pages';
import { test } from '../story';

test('12. every page is accessible in both themes, complains about nothing, and asks only the server', async ({
  page,
  scene,
}) => {
  test.slow();
  for (const address of await everyPage(scene)) {
    await test.step(address, async () => {
      await page.goto(address);
      await settled(page);
      await expectAccessible(page);
      await everyTab(page);
    });
  }
});

/** What lies behind the tabs of a page is looked at, too. */
async function everyTab(page: Page) {
  const tabs = page.getByRole('main').getByRole('tab', { selected: false });
  const names = await tabs.allTextContents();
  for (const name of names) {
    await page.getByRole('main').getByRole('tab', { name, exact: true }).click();
    await settled(page);
    await expectAccessible(page);
  }
}
