import { expectAccessible } from '../acts/axe';
import { choose } from '../acts/form';
import { addDatasources } from '../stage/scene';
import { expect, test } from '../story';

test.use({ locale: 'zh-CN' });

test('11. the wizard in Chinese', async ({ page, scene }) => {
  await addDatasources(scene);
  await scene.database.sql(
    `CREATE TABLE a (id bigint PRIMARY KEY, name text); CREATE TABLE b (LIKE a INCLUDING ALL);
     INSERT INTO a VALUES (1, '读书');`,
  );
  await page.goto(`/projects/${scene.project}/jobs`);
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await expect(page.getByRole('heading', { name: '同步任务' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: '新建任务' }).click();
  await page.getByRole('menuitem', { name: '向导' }).click();
  const next = page.getByRole('button', { name: '下一步' });
  for (const table of ['public.a', 'public.b']) {
    await choose(page.getByRole('combobox', { name: '数据源' }), 'l_PostGreSql');
    await choose(page.getByRole('combobox', { name: '表' }).first(), table);
    await expectAccessible(page);
    await next.click();
  }
  await page.getByRole('button', { name: '同名映射' }).click();
  await expectAccessible(page);
  await next.click();
  await expect(page.getByText('脏数据').first()).toBeVisible();
  await expectAccessible(page);
  await next.click();
  await page.getByRole('textbox', { name: '名称' }).fill('读书');
  await page.getByRole('button', { name: '保存', exact: true }).click();
  await expect(page).toHaveURL(/\/jobs\/.*\/wizard/);
  await page.getByRole('button', { name: '运行', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: '运行', exact: true }).click();
  await expect(page.getByText('成功', { exact: true }).first()).toBeVisible({ timeout: 60_000 });
  await expectAccessible(page);
  expect(await scene.database.sql('SELECT name FROM b')).toBe('读书');

  // The choice is the reader's, and stays.
  await page.getByRole('button', { name: 'Language / 语言' }).click();
  await page.getByRole('menuitem', { name: 'English' }).click();
  await expect(page.getByText('Succeeded', { exact: true }).first()).toBeVisible();
  await page.reload();
  await expect(page.getByText('Succeeded', { exact: true }).first()).toBeVisible();
});
