import { pick, press, tabTo, type } from '../acts/keyboard';
import { expectFilled, expectState, field } from '../acts/wizard';
import { addDatasources } from '../stage/scene';
import { expect, test } from '../story';

const STORE = 'l_PostGreSql';

test('10. the wizard by keyboard alone', async ({ page, scene }) => {
  await addDatasources(scene);
  await scene.database.sql(
    `CREATE TABLE a (id bigint PRIMARY KEY, name text); CREATE TABLE b (LIKE a INCLUDING ALL);
     INSERT INTO a SELECT i, 'row ' || i FROM generate_series(1, 10) i;`,
  );
  await page.goto(`/projects/${scene.project}`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();

  await test.step('to a new job', async () => {
    await press(page, page.getByRole('link', { name: 'Sync jobs' }));
    await expect(page.getByRole('heading', { name: 'Sync jobs' })).toBeFocused();
    await press(page, page.getByRole('button', { name: 'New job' }));
    await press(page, page.getByRole('menuitem', { name: 'Wizard' }));
    await type(page, page.getByRole('textbox', { name: 'Name', exact: true }), 'by keys');
  });

  const next = page.getByRole('button', { name: 'Next', exact: true });
  for (const table of ['public.a', 'public.b']) {
    await test.step(`table ${table}`, async () => {
      await pick(page, page.getByRole('combobox', { name: 'Data source' }), STORE);
      await pick(page, page.getByRole('combobox', { name: 'Table' }), table);
      await press(page, next);
    });
  }

  await test.step('mapping', async () => {
    await press(page, field(page, 'source', 'id'));
    await press(page, field(page, 'target', 'id'));
    await expectFilled(page, 'id', 'id');
    await expect(page.getByText('id goes into id')).toBeAttached();
    // Arrows walk along a list, and across to the other one.
    await page.keyboard.press('ArrowLeft');
    await expect(field(page, 'source', 'id')).toBeFocused();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await expectFilled(page, 'name', 'name');
    await press(page, next);
  });

  await test.step('channel, review, run', async () => {
    await type(page, page.getByRole('spinbutton', { name: 'Concurrent channels' }), '1');
    await press(page, next);
    await expect(page.getByText('Everything that can be checked')).toBeVisible();
    await press(page, page.getByRole('button', { name: 'Save', exact: true }));
    await expect(page).toHaveURL(/\/wizard/);
    await press(page, page.getByRole('button', { name: 'Run', exact: true }));
    const dialog = page.getByRole('dialog');
    await press(page, dialog.getByRole('button', { name: 'Run', exact: true }));
    await expectState(page, 'Succeeded');
  });

  // What opens over a page lets go of the focus where it took it.
  await page.goBack();
  const run = page.getByRole('button', { name: 'Run', exact: true });
  await press(page, run);
  await tabTo(page, page.getByRole('dialog').getByRole('button', { name: 'Cancel' }));
  await page.keyboard.press('Escape');
  await expect(run).toBeFocused();
  expect(await scene.database.sql('SELECT count(*), max(name) FROM b')).toBe('10|row 9');
});
