import { expectAccessible } from '../acts/axe';
import { addEntry, choose, rowOf } from '../acts/form';
import { BIZDATE, chooseSide, expectState, next, openWizard, run, saveAs } from '../acts/wizard';
import { addDatasources } from '../stage/scene';
import { expect, test } from '../story';

test('4. the export of the seed, with a filter and a split key', async ({
  page,
  scene,
  faults,
}) => {
  faults.expects(/status of 409/);
  const { maxcompute } = scene.stage;
  await addDatasources(scene);
  await maxcompute.sql('DROP TABLE IF EXISTS exported');
  await maxcompute.sql('CREATE TABLE IF NOT EXISTS taken (id BIGINT)');
  await scene.database.sql(
    `CREATE TABLE public.person (id bigint PRIMARY KEY, name text, sex int);
     INSERT INTO public.person SELECT i, 'person ' || i, i % 2 FROM generate_series(1, 100) i;`,
  );
  await openWizard(page, scene);

  await chooseSide(page, 'l_PostGreSql', 'public.person');
  await page.getByRole('textbox', { name: 'Filter' }).fill('id > 2 and sex = 1');
  const splitKey = page.getByRole('combobox', { name: 'Split key' });
  await splitKey.click();
  // A column that cannot be split is there with the reason.
  await expect(page.getByText('text is cut only with').first()).toBeVisible();
  await splitKey.press('Escape');
  await choose(splitKey, 'id');
  await next(page);

  await choose(page.getByRole('combobox', { name: 'Data source' }), 'odps_first');
  await test.step('a target table that is not there is made from the source', async () => {
    const opener = page.getByRole('button', { name: 'Create from source' });
    const dialog = page.getByRole('dialog', { name: 'Create a table like public.person' });
    const name = dialog.getByRole('textbox', { name: 'Name of the table' });
    const statement = dialog.getByRole('textbox', { name: 'Statement' });
    const create = dialog.getByRole('button', { name: 'Create table' });
    await opener.click();
    await expect(name).toHaveValue('person');
    await name.fill('taken');
    await addEntry(dialog.getByRole('combobox', { name: 'Partition columns' }), 'pt');
    await expect(statement).toContainText('`taken`');
    await expect(statement).toContainText('PARTITIONED BY');
    await expect(dialog.getByText('has no primary key')).toBeVisible();
    await name.focus();
    await expect(page.getByRole('listbox')).toBeHidden();
    await expectAccessible(page);

    // A name that is taken is refused, and nothing that was typed is lost with the dialog.
    await create.click();
    await page.getByRole('button', { name: 'Create taken' }).click();
    const refusal = dialog.getByRole('alert').filter({ hasText: 'already exists' });
    await expect(refusal).toContainText('choose another one');
    await name.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(opener).toBeFocused();
    await opener.press('Enter');
    await expect(name).toHaveValue('taken');
    await name.fill('exported');
    await expect(statement).toContainText('`exported`');
    await expect(statement).toContainText('PARTITIONED BY');
    await create.click();
    await page.getByRole('button', { name: 'Create exported' }).click();
    await expect(dialog).toBeHidden();
  });
  await page.getByRole('combobox', { name: 'Partition' }).fill('pt=${bdp.system.bizdate}');
  // What a switch shows counts, touched or not.
  await expect(page.getByRole('switch', { name: 'Truncate' })).not.toBeChecked();
  await next(page);
  // Fields of the same name are mapped with the table.
  await expect(page.getByText('3 of 3 target fields mapped')).toBeVisible();
  await next(page);
  await next(page);
  await expect(page.getByText('Everything that can be checked')).toBeVisible();
  await saveAs(page, 'person to MaxCompute');
  await run(page);
  await expectState(page, 'Succeeded');
  await page.getByRole('tab', { name: 'Channels' }).click();
  await expect(rowOf(page, 'id').nth(2)).toBeVisible();

  const written = `SELECT COUNT(*) AS n FROM exported WHERE pt='${BIZDATE}'`;
  expect(await maxcompute.sql(written)).toBe('n\n49\n');
});
