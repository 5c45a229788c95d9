import { expectAccessible } from '../acts/axe';
import { choose, rowOf } from '../acts/form';
import { expectState, run } from '../acts/wizard';
import { addJob } from '../stage/scene';
import { expect, test } from '../story';

/** Goes on until somebody stops it. */
const ENDLESS = {
  type: 'job',
  version: '1.0',
  configuration: {
    reader: {
      plugin: 'stream',
      parameter: {
        rowCount: 1_000_000_000,
        column: [{ name: 'id', type: 'long', incr: '1,1' }],
      },
    },
    writer: { plugin: 'stream', parameter: {} },
    setting: { speed: { concurrent: 1, mbps: 1 } },
  },
};

test('8. a running job is watched, and stopped', async ({ page, scene }) => {
  const job = await addJob(scene, { name: 'endless', document: ENDLESS });
  await page.goto(`/projects/${scene.project}/jobs/${job}/script`);
  await run(page);
  await expectState(page, 'Running');
  const read = page.getByRole('group', { name: 'Rows read' });
  await expect(read).toContainText(/[1-9]/);
  const before = await read.textContent();
  await expect(read).not.toHaveText(before ?? '');
  await expectAccessible(page);
  await page.getByRole('tab', { name: 'Channels' }).click();
  await expect(rowOf(page, 'Running')).toHaveCount(1);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  const question = page.getByRole('dialog');
  await expect(question).toContainText('can be resumed');
  await question.getByRole('button', { name: 'Stop', exact: true }).click();
  await expectState(page, 'Stopped');
  await expect(page.getByRole('button', { name: 'Rerun', exact: true })).toBeVisible();

  await page.goto(`/projects/${scene.project}/runs`);
  await expect(rowOf(page, 'endless')).toContainText('Stopped');
  await choose(page.getByRole('combobox', { name: 'Owner' }), 'admin');
  await expect(page).toHaveURL(/owner=/);
  await expect(rowOf(page, 'endless')).toContainText('Stopped');

  // A trial of it ends by itself once it has read as many rows as it may.
  await page.goto(`/projects/${scene.project}/jobs/${job}/script`);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await question.getByRole('radio', { name: /^Draft/ }).check();
  await question.getByRole('spinbutton', { name: 'Rows at most' }).fill('7');
  await question.getByRole('button', { name: 'Run', exact: true }).click();
  await expectState(page, 'Succeeded');
  await expect(read).toContainText('7');
});
