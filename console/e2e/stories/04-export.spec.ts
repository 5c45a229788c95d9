import { choose, rowOf } from '../acts/form';
import { BIZDATE, chooseSide, expectState, next, openWizard, run, saveAs } from '../acts/wizard';
import { addDatasources } from '../stage/scene';
import { expect, test } from '../story';

test('4. the export of the seed, with a filter and a split key', async ({ page, scene }) => {
  const { maxcompute } = scene.stage;
  await addDatasources(scene);
  await maxcompute.sql('CREATE TABLE exported (id BIGINT, name STRING) PARTITIONED BY (pt STRING)');
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
  await expect(page.getByText('text cannot be split').first()).toBeVisible();
  await splitKey.press('Escape');
  await choose(splitKey, 'id');
  await next(page);

  await chooseSide(page, 'odps_first', 'exported');
  await page.getByRole('combobox', { name: 'Partition' }).fill('pt=${bdp.system.bizdate}');
  await page.getByRole('switch', { name: 'Truncate' }).click();
  await next(page);
  await page.getByRole('button', { name: 'Same name' }).click();
  await expect(page.getByText('2 of 2 target fields mapped')).toBeVisible();
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
