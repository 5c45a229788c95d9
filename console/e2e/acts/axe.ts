/** The accessibility of a page, in both themes. */

import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

export const THEMES = ['light', 'dark'] as const;

/** Shows a page in a theme, and waits until every colour has arrived. */
export async function show(page: Page, theme: (typeof THEMES)[number]): Promise<void> {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
  await page.evaluate(async () => {
    const passing = document
      .getAnimations()
      .filter((it) => it.effect?.getComputedTiming().iterations !== Infinity);
    await Promise.allSettled(passing.map((it) => it.finished));
  });
}

/** Fails with every rule that a page breaks, in each theme, and where. */
export async function expectAccessible(page: Page): Promise<void> {
  const found: string[] = [];
  for (const theme of THEMES) {
    await show(page, theme);
    const { violations } = await new AxeBuilder({ page }).analyze();
    for (const { id, nodes } of violations) {
      found.push(...nodes.map((it) => `${theme}, ${id}: ${it.html} ${it.failureSummary ?? ''}`));
    }
  }
  await show(page, 'light');
  // Soft, so that one look tells of every page.
  expect.soft(found, `accessibility of ${page.url()}`).toEqual([]);
}
