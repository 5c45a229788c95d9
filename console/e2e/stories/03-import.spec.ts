import { expectAccessible } from '../acts/axe';
import { addEntry, rowOf } from '../acts/form';
import {
  addStatement,
  BIZDATE,
  chooseSide,
  connect,
  DAY,
  expectFilled,
  expectState,
  field,
  next,
  openWizard,
  run,
  saveAs,
} from '../acts/wizard';
import { addDatasources, type Scene } from '../stage/scene';
import { expect, test } from '../story';

const FIELDS = ['id', 'name', 'year', 'birthdate', 'ismarried', 'interest', 'salary'];

test('3. the import of the seed, in the wizard', async ({ page, scene }) => {
  await prepare(scene);
  await openWizard(page, scene);

  await test.step('source, with its preview', async () => {
    await chooseSide(page, 'odps_first', 'hpg');
    await addEntry(page.getByRole('combobox', { name: 'Partition' }), 'pt=${bdp.system.bizdate}');
    await expect(page.getByText('person 1', { exact: true })).toHaveCount(0);
    await page.getByRole('button', { name: 'Data preview' }).click();
    await expect(page.getByText('person 1', { exact: true })).toBeVisible();
    await expect(rowOf(page, '1.01')).toContainText('NULL');
    await expectAccessible(page);
    await next(page);
  });

  await test.step('target, with statements and a rule for keys that are there', async () => {
    await chooseSide(page, 'l_PostGreSql', 'public.person');
    await addStatement(page, 'Statements before', 'DELETE FROM public.person');
    await addStatement(page, 'Statements before', "INSERT INTO public.told VALUES ('before')");
    await addStatement(page, 'Statements after', "INSERT INTO public.told VALUES ('after')");
    await page.getByRole('radio', { name: 'Insert' }).check();
    await expectAccessible(page);
    await next(page);
  });

  await test.step('mapping', async () => {
    await page.getByRole('button', { name: 'Same name' }).click();
    await expect(page.getByText('7 of 10 target fields mapped')).toBeVisible();
    for (const name of FIELDS) await expectFilled(page, name, name);

    await field(page, 'source', 'name').dragTo(field(page, 'target', 'nickname'));
    await expectFilled(page, 'nickname', 'name');

    const value = page.getByRole('textbox', { name: 'Further value of the source' });
    const add = page.getByRole('button', { name: 'Add field' });
    await value.fill("'wizard'");
    await expect(page.getByText('Constant', { exact: true })).toBeVisible();
    await add.click();
    await connect(page, "'wizard'", 'origin');
    await value.fill('${bdp.system.bizdate}');
    await expect(page.getByText('Variable', { exact: true })).toBeVisible();
    await add.click();
    await connect(page, '${bdp.system.bizdate}', 'day');
    await expect(page.getByText('10 of 10 target fields mapped')).toBeVisible();

    // What cannot be read as any of these says so, and is a problem when it is used.
    await value.fill('nobody knows');
    await expect(page.getByText('Unrecognized', { exact: true })).toBeVisible();
    await add.click();
    await connect(page, 'nobody knows', 'origin');
    await expect(page.getByRole('alert').filter({ hasText: 'nobody knows' }).first()).toBeVisible();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Remove nobody knows' }).click();
    await connect(page, "'wizard'", 'origin');
    await next(page);
  });

  await test.step('channel', async () => {
    await page.getByRole('spinbutton', { name: 'Concurrent channels' }).fill('3');
    await page.getByRole('switch', { name: 'Rate limit' }).click();
    await page.getByRole('spinbutton', { name: 'MiB' }).fill('6');
    await expect(page.getByText('Each channel: at most 2')).toBeVisible();
    await expectAccessible(page);
    await next(page);
  });

  await test.step('review, save, and reopen', async () => {
    await expect(page.getByText('Everything that can be checked')).toBeVisible();
    await expectAccessible(page);
    await saveAs(page, 'hpg to person');
    await page.goto(`/projects/${scene.project}/jobs`);
    await page.getByRole('link', { name: 'hpg to person' }).click();
    await expect(page.getByText('public.person').first()).toBeVisible();
    await expect(page.getByText('10 fields')).toBeVisible();
    await expect(page.getByText('3 channels')).toBeVisible();
    await next(page);
    await expect(page.getByRole('textbox', { name: 'Statements before 2' })).toContainText(
      'before',
    );
    await next(page);
    await expectFilled(page, 'origin', "'wizard'");
  });

  await test.step('run', async () => {
    await run(page);
    await expectState(page, 'Succeeded');
    await expect(page.getByText(DAY)).toBeVisible();
    await expectAccessible(page);
  });
  expect(await scene.database.sql('SELECT * FROM public.told')).toBe('before\nafter');
  expect(
    await scene.database.sql(
      `SELECT count(*), sum(salary), min(origin), max(day), count(nickname) FROM public.person
       WHERE name IS NOT DISTINCT FROM nickname`,
    ),
  ).toBe(`3|6.06|wizard|${BIZDATE}|2`);
});

/** The tables of the seed: one with rows of a day, one with a row that the import replaces. */
async function prepare(scene: Scene) {
  await addDatasources(scene);
  const { maxcompute } = scene.stage;
  await maxcompute.sql('DROP TABLE IF EXISTS hpg');
  await maxcompute.sql(
    `CREATE TABLE hpg (id BIGINT, name STRING, year BIGINT, birthdate DATETIME, ismarried BOOLEAN,
     interest STRING, salary DECIMAL(15,2)) PARTITIONED BY (pt STRING)`,
  );
  await maxcompute.sql(
    `INSERT INTO hpg PARTITION (pt='${BIZDATE}') VALUES
     (1, 'person 1', 1990, CAST('2020-01-02 03:04:05' AS DATETIME), true, NULL, 1.01),
     (2, 'person 2', 1991, NULL, false, 'reading', 2.02),
     (3, NULL, 1992, NULL, true, '', 3.03)`,
  );
  await scene.database.sql(
    `CREATE TABLE public.person (id bigint PRIMARY KEY, name text, year int, birthdate timestamptz,
       ismarried bool, interest text, salary numeric(15,2), nickname text, origin text, day text);
     CREATE TABLE public.told (what text);
     INSERT INTO public.person (id, name) VALUES (1, 'old');`,
  );
}
