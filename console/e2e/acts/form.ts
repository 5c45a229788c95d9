/** What a person does with the controls of a form. */

import { expect, type Locator, type Page } from '@playwright/test';

/** Chooses from a list that opens, by its words: types them where it can be searched, and walks to them. */
export async function choose(combobox: Locator, option: string): Promise<void> {
  await combobox.click();
  if (await combobox.isEditable()) await combobox.fill(option);
  await walkTo(combobox, option);
}

/** Walks down an open list to an option that holds a text, and takes it. */
export async function walkTo(combobox: Locator, option: string): Promise<void> {
  const wanted = combobox.page().getByRole('option', { name: option });
  // The list grows as answers come; only the rows around the active one are there for a screen reader.
  await expect(async () => {
    const active = await combobox.getAttribute('aria-activedescendant');
    const ids = await wanted.evaluateAll((found) => found.map(({ id }) => id));
    if (active !== null && ids.includes(active)) return;
    await combobox.press('ArrowDown');
    throw new Error(`${option} is not the active one`);
  }).toPass({ intervals: [50], timeout: 15_000 });
  await combobox.press('Enter');
}

/** Types an entry into a field that takes several. */
export async function addEntry(combobox: Locator, entry: string): Promise<void> {
  await combobox.fill(entry);
  await combobox.press('Enter');
}

/** The row of a table in which a text stands. */
export function rowOf(page: Page, text: string | RegExp): Locator {
  return page.getByRole('row').filter({ hasText: text });
}
