import { expectAccessible } from '../acts/axe';
import { choose } from '../acts/form';
import { addDatasources, addJob, POSTGRESQL } from '../stage/scene';
import { expect, test } from '../story';

const ENDS = ['Business dates', 'End date'];
const DAYS = ['2024-02-28', '2024-02-29', '2024-03-01'];

test('9. three days are made up for, in their order', async ({ page, scene }) => {
  await addDatasources(scene);
  await scene.database.sql(
    `CREATE TABLE a (id bigint); INSERT INTO a VALUES (1);
     CREATE TABLE b (number serial, id bigint, day text);`,
  );
  await addJob(scene, {
    name: 'daily',
    document: {
      type: 'job',
      version: '1.0',
      configuration: {
        reader: side('a', ['id', "'${bdp.system.bizdate}'"]),
        writer: side('b', ['id', 'day']),
      },
    },
  });
  await page.goto(`/projects/${scene.project}/backfills`);
  await page.getByRole('button', { name: 'New backfill' }).first().click();
  await choose(page.getByRole('combobox', { name: 'Jobs' }), 'daily');
  await page.keyboard.press('Escape');
  for (const [index, day] of [DAYS[0], DAYS[2]].entries()) {
    const end = page.getByRole('textbox', { name: ENDS[index] });
    await end.fill(day ?? '');
    await end.press('Enter');
  }
  const preview = page.getByRole('region', { name: 'What it will make' });
  await expect(preview).toContainText('3 instances');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Start backfill' }).click();

  await expect(page.getByRole('heading', { level: 1 })).toContainText(DAYS[0] ?? '');
  for (const day of DAYS) {
    await expect(
      page.getByRole('link', { name: `${day}: Succeeded, 1 of 1 succeeded` }),
    ).toBeVisible({ timeout: 60_000 });
  }
  await expectAccessible(page);
  expect(await scene.database.sql('SELECT day FROM b ORDER BY number')).toBe(
    DAYS.map((day) => day.replaceAll('-', '')).join('\n'),
  );
});

function side(table: string, column: string[]) {
  return { plugin: 'postgresql', parameter: { datasource: POSTGRESQL, table, column } };
}
