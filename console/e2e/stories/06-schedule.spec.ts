import { expectAccessible } from '../acts/axe';
import { choose, rowOf } from '../acts/form';
import { addJob, type Scene } from '../stage/scene';
import { expect, test } from '../story';

/** Copies ten rows to nowhere, and is told its business date. */
const QUICK = {
  type: 'job',
  version: '1.0',
  configuration: {
    reader: {
      plugin: 'stream',
      parameter: { rowCount: 10, column: [{ name: 'day', value: '${bdp.system.bizdate}' }] },
    },
    writer: { plugin: 'stream', parameter: {} },
  },
};

test('6. a job is submitted with a schedule, and runs when its minute has come', async ({
  page,
  scene,
}) => {
  const job = await addJob(scene, { name: 'nightly', document: QUICK });
  await page.goto(`/projects/${scene.project}/jobs/${job}/script`);
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  const drawer = page.getByRole('dialog');
  await choose(drawer.getByRole('combobox', { name: 'Cycle', exact: true }), 'Minutes');
  await drawer.getByRole('spinbutton', { name: 'Every' }).fill('15');
  const beginning = drawer.getByRole('combobox', { name: 'Cycles begin' });
  await choose(beginning, 'In ten minutes or later');
  await expect(drawer.getByText(/^Every 15 minutes/)).toBeVisible();
  await expect(drawer.getByText('Next times')).toBeVisible();
  await expect(drawer.getByRole('list').getByRole('listitem')).toHaveCount(5);
  await expectAccessible(page);
  await drawer.getByRole('button', { name: 'Submit', exact: true }).click();
  await expect(drawer).toBeHidden();

  await page.goto(`/projects/${scene.project}/schedules`);
  await expect(rowOf(page, 'nightly')).toContainText('Active');
  await expectAccessible(page);
  await page.goto(`/projects/${scene.project}/schedules/instances`);
  await expect(rowOf(page, 'nightly').first()).toContainText('Waiting');

  const bizdate = await letItsMinuteCome(scene, job);
  const instance = rowOf(page, bizdate).filter({ hasText: 'Succeeded' });
  await expect(instance).toBeVisible({ timeout: 60_000 });
  await expectAccessible(page);
  await instance.getByRole('link', { name: 'nightly' }).click();
  await expectAccessible(page);
  await page.goto(`/projects/${scene.project}/runs?kind=scheduled`);
  await expect(rowOf(page, 'nightly')).toContainText(bizdate);
});

test('6. a change is published with a note, which the history of the job keeps', async ({
  page,
  scene,
}) => {
  const job = await addJob(scene, { name: 'nightly', document: QUICK });
  await page.goto(`/projects/${scene.project}/jobs/${job}/script`);
  const submit = page.getByRole('button', { name: 'Submit', exact: true });
  const drawer = page.getByRole('dialog');
  const note = drawer.getByRole('textbox', { name: 'Note for the version' });
  // What is live already has been published, and nobody is asked about it again.
  await submit.click();
  await expect(drawer.getByText('Version 1 is live')).toBeVisible();
  await expect(note).toHaveCount(0);
  await drawer.getByRole('button', { name: 'Cancel' }).click();
  await expect(drawer).toBeHidden();

  await page.getByRole('textbox', { name: 'Script of the job' }).click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.insertText('// ten rows are enough\n');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Not saved yet')).toHaveCount(0);
  await submit.click();
  await note.fill('says how many rows it makes');
  await expectAccessible(page);
  await drawer.getByRole('button', { name: 'Submit', exact: true }).click();
  await expect(drawer).toBeHidden();

  await page.getByRole('button', { name: 'History', exact: true }).click();
  const version = rowOf(page, 'says how many rows it makes');
  await expect(version).toContainText('live');
  await expect(version.getByRole('cell').first()).toContainText('2');
  await expectAccessible(page);
});

/**
 * The server's clock cannot be moved, so the first instance is moved to it: where the server keeps it, its time
 * becomes now. Returns its business date.
 */
async function letItsMinuteCome({ stage }: Scene, job: string): Promise<string> {
  const first = `SELECT id FROM instance WHERE job_id = '${job}' ORDER BY due_at LIMIT 1`;
  const now = '(extract(epoch FROM now()) * 1000000)::bigint';
  return stage.store.sql(
    `UPDATE instance SET due_at = ${now}, release_at = ${now} WHERE id = (${first}) RETURNING bizdate;`,
  );
}

test('6. a schedule rests on the days off of a calendar', async ({ page, scene, faults }) => {
  // It cannot be deleted as long as a schedule names it.
  faults.expects(/status of 409/);
  const job = await addJob(scene, { name: 'nightly', document: QUICK });
  await page.goto(`/projects/${scene.project}/schedules/calendars`);
  await expect(page.getByText('There is no calendar yet')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'New calendar' }).click();
  const drawer = page.getByRole('dialog');
  const days = drawer.getByRole('textbox', { name: 'Days off' });
  const save = drawer.getByRole('button', { name: 'Save', exact: true });
  await drawer.getByRole('textbox', { name: 'Name' }).fill('holidays');
  await days.fill(`${later(0)}..${later(30)}\nsoon`);
  await save.click();
  await expect(drawer.getByText(/^No date and no span of at most a year: “soon”/)).toBeVisible();
  await expectAccessible(page);
  await days.fill(`${later(0)}..${later(30)}`);
  await save.click();
  await expect(drawer).toBeHidden();
  await expect(rowOf(page, 'holidays')).toContainText('31');

  await page.goto(`/projects/${scene.project}/jobs/${job}/script`);
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  await choose(drawer.getByRole('combobox', { name: 'Calendar of days off' }), 'holidays');
  await choose(
    drawer.getByRole('combobox', { name: 'On days that cycle or calendar leave out' }),
    'Nothing',
  );
  await expect(drawer.getByRole('listitem').first()).toContainText(later(31));
  await expectAccessible(page);
  await drawer.getByRole('button', { name: 'Submit', exact: true }).click();
  await expect(drawer).toBeHidden();

  await page.goto(`/projects/${scene.project}/schedules/calendars`);
  await page.getByRole('button', { name: 'Edit holidays' }).click();
  await expect(drawer.getByText(/have their instances already and stay as they are/)).toBeVisible();
  await drawer.getByRole('button', { name: 'Add Saturdays and Sundays' }).click();
  await expectAccessible(page);
  await save.click();
  await expect(drawer).toBeHidden();
  await page.getByRole('button', { name: 'Delete holidays' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText(/is named by the schedules of the jobs `nightly`/)).toBeVisible();
});

/** The date of a day to come, in UTC. */
function later(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}
