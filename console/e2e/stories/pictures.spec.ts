import path from 'node:path';
import { show, THEMES } from '../acts/axe';
import { everyPage, settled } from '../acts/pages';
import { test } from '../story';

/** Pictures of every page for people to look at; made when `LONGSHORE_SCREENSHOTS` names a folder. */
test.describe('pictures', () => {
  test.describe.configure({ timeout: 600_000 });
  for (const locale of ['en-US', 'zh-CN']) {
    test.describe(locale, () => {
      test.use({ locale });
      test(`of every page, ${locale}`, async ({ page, scene }) => {
        const folder = process.env.LONGSHORE_SCREENSHOTS ?? '';
        for (const address of await everyPage(scene)) {
          const name = nameOf(address, scene.project);
          for (const width of [1280, 1024]) {
            await page.setViewportSize({ width, height: 800 });
            await page.goto(address);
            await settled(page);
            for (const theme of THEMES) {
              await show(page, theme);
              const file = `${name}.${locale.slice(0, 2)}.${theme}.${width}.png`;
              await page.screenshot({ path: path.join(folder, file) });
            }
          }
        }
      });
    });
  }
});

/** `/projects/…/jobs/…/wizard` as `jobs-wizard`. */
function nameOf(address: string, project: string): string {
  const words = address
    .replace(`/projects/${project}`, '')
    .split('/')
    .filter((word) => word !== '' && !/^[0-9a-f-]{36}$/.test(word));
  return words.join('-') || 'overview';
}
