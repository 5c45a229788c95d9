import { expectAccessible } from '../acts/axe';
import { expectState, run } from '../acts/wizard';
import { addDatasources, addJob, draftOf, POSTGRESQL } from '../stage/scene';
import { expect, test } from '../story';

test('5. a wizard job becomes a script, whose comments stay and whose errors are marked', async ({
  page,
  scene,
}) => {
  await addDatasources(scene);
  await scene.database.sql(
    `CREATE TABLE a (id bigint PRIMARY KEY, name text); CREATE TABLE b (LIKE a INCLUDING ALL);
     INSERT INTO a SELECT i, 'row ' || i FROM generate_series(1, 10) i;`,
  );
  const job = await addJob(scene, {
    name: 'a to b',
    mode: 'wizard',
    document: {
      type: 'job',
      version: '1.0',
      configuration: {
        reader: { plugin: 'postgresql', parameter: side('public.a') },
        writer: { plugin: 'postgresql', parameter: side('public.b') },
        setting: { speed: { concurrent: 1 }, errorLimit: { record: 0 } },
      },
    },
  });
  await page.goto(`/projects/${scene.project}/jobs/${job}/wizard`);
  await page.getByRole('button', { name: 'Switch to script' }).click();
  // What it means is said first.
  await expect(page.getByRole('dialog')).toContainText('history');
  await page.getByRole('dialog').getByRole('button', { name: 'Save and switch' }).click();

  const editor = page.getByRole('textbox', { name: 'Script of the job' });
  await expect(editor).toContainText('"public.b"');
  await editor.click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.insertText('// every night before the report\n');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.reload();
  await expect(editor).toContainText('// every night before the report');

  // A value that is not allowed is marked at its line, and the reason is told.
  const { document } = await draftOf(scene, job);
  await editor.fill(document.replace('"column"', '"writeMode": "perhaps",\n"column"'));
  await expect(page.getByRole('tab', { name: /Problems \([1-9]/ })).toBeVisible();
  await expect(page.getByText(/perhaps/).last()).toBeVisible();
  await expect(page.getByText(/^line \d+, column \d+$/).first()).toBeVisible();
  await expectAccessible(page);
  await editor.fill(document);
  await expect(page.getByRole('tab', { name: 'Problems (0)' })).toBeVisible();

  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await run(page);
  await expectState(page, 'Succeeded');
  expect(await scene.database.sql('SELECT count(*), max(name) FROM b')).toBe('10|row 9');
});

function side(table: string) {
  return { datasource: POSTGRESQL, table, column: ['id', 'name'] };
}
