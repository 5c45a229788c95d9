import { expectAccessible } from '../acts/axe';
import { choose, rowOf } from '../acts/form';
import { addDatasources, addJob, POSTGRESQL, runJob, scheduleDaily } from '../stage/scene';
import { ok } from '../stage/server';
import { startWebhook } from '../stage/webhook';
import { expect, test } from '../story';

test('16. alerts, members, access keys, servers and schedules are operated', async ({
  page,
  scene,
}) => {
  test.slow();
  const { project, stage } = scene;
  await addDatasources(scene);
  await scene.database.sql(
    `CREATE TABLE a (id bigint, year text); CREATE TABLE b (id bigint, year int);
     INSERT INTO a VALUES (1, 'unknown');`,
  );
  const job = await addJob(scene, {
    name: 'fails at once',
    document: {
      type: 'job',
      version: '1.0',
      configuration: {
        reader: { plugin: 'postgresql', parameter: side('a') },
        writer: { plugin: 'postgresql', parameter: side('b') },
        setting: { speed: { concurrent: 1 }, errorLimit: { record: 0 } },
      },
    },
  });
  const drawer = page.getByRole('dialog');
  const save = drawer.getByRole('button', { name: 'Save', exact: true });

  await test.step('a channel that is tested, and a rule that sends to it', async () => {
    const webhook = await startWebhook();
    await page.goto(`/projects/${project}/alerts?tab=channels`);
    await page.getByRole('button', { name: 'New channel' }).first().click();
    await drawer.getByLabel('Name', { exact: true }).fill('pager');
    await drawer.getByText('Webhook', { exact: true }).click();
    await drawer.getByLabel('URL').fill(webhook.address);
    await drawer.getByLabel('Secret').fill('hunter2-of-the-webhook');
    await expectAccessible(page);
    await save.click();
    await page.getByRole('button', { name: 'Send test pager' }).click();
    await expect(page.getByText(/pager took the message in/)).toBeVisible();
    expect(webhook.messages).toHaveLength(1);

    await page.getByRole('tab', { name: 'Rules' }).click();
    await page.getByRole('button', { name: 'New rule' }).first().click();
    await drawer.getByLabel('Name', { exact: true }).fill('failures');
    await drawer.getByRole('checkbox', { name: 'A run has failed' }).check();
    await choose(drawer.getByRole('combobox', { name: 'Channels' }), 'pager');
    await drawer.getByRole('spinbutton', { name: 'Together within' }).fill('0');
    await expectAccessible(page);
    await save.click();
    await expect(rowOf(page, 'failures')).toContainText('pager');
    expect((await runJob(scene, job)).state).toBe('failed');
    await expect
      .poll(() => webhook.messages.join('\n'), { timeout: 60_000 })
      .toContain('fails at once');
    await page.getByRole('tab', { name: 'History' }).click();
    await expect(rowOf(page, 'fails at once').first()).toContainText('Sent');
    await webhook.stop();
  });

  await test.step('an account that becomes a member', async () => {
    const name = `member.${scene.name}`;
    await page.goto(`/projects/${project}/settings?part=accounts`);
    await page.getByRole('button', { name: 'New account' }).click();
    await drawer.getByLabel('Account', { exact: true }).fill(name);
    await drawer.getByLabel('Password', { exact: true }).fill('hunter2-of-a-member');
    await expectAccessible(page);
    await save.click();
    await expect(rowOf(page, name)).toBeVisible();
    await page.goto(`/projects/${project}/settings?part=members`);
    await choose(page.getByRole('combobox', { name: 'Account', exact: true }), name);
    await page.getByRole('button', { name: 'Add member' }).click();
    await expect(rowOf(page, name)).toBeVisible();
    await choose(page.getByRole('combobox', { name: `Role of ${name}` }), 'Operator');
    await expect(page.getByText('The role is changed')).toBeVisible();
    await page.getByRole('button', { name: `Remove ${name}` }).click();
    await drawer.getByRole('button', { name: 'Remove', exact: true }).click();
    await expect(rowOf(page, name)).toHaveCount(0);
  });

  await test.step('an access key, shown once', async () => {
    await page.goto(`/projects/${project}/profile`);
    await page.getByRole('button', { name: 'New access key' }).click();
    await drawer.getByLabel('Description').fill('nightly export');
    await expectAccessible(page);
    await drawer.getByRole('button', { name: 'Create', exact: true }).click();
    await expect(page.getByText('Copy the secret now')).toBeVisible();
    await expectAccessible(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await expect(rowOf(page, 'nightly export')).toContainText('Valid');
    await page.getByRole('button', { name: 'Revoke nightly export' }).click();
    await drawer.getByRole('button', { name: 'Revoke', exact: true }).click();
    await expect(rowOf(page, 'nightly export')).toContainText('Revoked');
  });

  await test.step('a server that takes no new runs, and takes them again', async () => {
    await page.goto(`/projects/${project}/groups`);
    await page.getByRole('button', { name: /^Drain / }).click();
    await drawer.getByRole('button', { name: 'Drain', exact: true }).click();
    try {
      await expect(page.getByText('Draining', { exact: true })).toBeVisible();
      await page.getByRole('button', { name: /^Take runs again/ }).click();
      await expect(page.getByText('Draining', { exact: true })).toHaveCount(0);
    } finally {
      // The other stories have the same server.
      const { items } = ok(await stage.api.GET('/api/v1/servers'));
      for (const { id } of items.filter((it) => it.isDraining)) {
        const params = { path: { server: id } };
        // There is one of them.
        // oxlint-disable-next-line no-await-in-loop
        ok(await stage.api.POST('/api/v1/servers/{server}/undrain', { params }));
      }
    }
  });

  await test.step('a schedule that rests, with the reason', async () => {
    await scheduleDaily(scene, job);
    await page.goto(`/projects/${project}/schedules`);
    await page.getByRole('button', { name: 'Pause fails at once' }).click();
    const pause = drawer.getByRole('button', { name: 'Pause', exact: true });
    await expect(pause).toBeDisabled();
    await drawer.getByRole('textbox', { name: 'Reason' }).fill('the source is being mended');
    await expectAccessible(page);
    await pause.click();
    const row = rowOf(page, 'fails at once');
    await expect(row).toContainText('Paused');
    await expect(row).toContainText('the source is being mended');
    await page.getByRole('button', { name: 'Resume fails at once' }).click();
    await expect(row).not.toContainText('Paused');
  });
});

function side(table: string) {
  return { datasource: POSTGRESQL, table: `public.${table}`, column: ['id', 'year'] };
}
