import path from 'node:path';
import type { Page } from '@playwright/test';
import { show, THEMES } from '../acts/axe';
import { settled } from '../acts/pages';
import { close, furnish, type Showroom } from '../stage/showroom';
import { expect, test } from '../story';

/** What is looked at: a page, and what is done on it first. Nothing here knows a word of any language. */
interface View {
  name: string;
  address: string;
  act?: (page: Page) => Promise<void>;
  /** Nobody is signed in yet, and the page has no heading of the first level. */
  signedOut?: boolean;
  /** What is waited for on a page that never has all: the server goes on telling it what happens. */
  live?: string;
}

const RUN_TABS = ['log', 'channels', 'dirty', 'variables', 'configuration', 'events'];
const STEPS = ['source', 'target', 'mapping', 'channel', 'review'];
const PARTS = [
  'general',
  'members',
  'limits',
  'audit',
  'danger',
  'accounts',
  'network',
  'retention',
  'keys',
  'instanceAudit',
  'connectors',
  'about',
];

function viewsOf(room: Showroom): View[] {
  const own = `/projects/${room.scene.project}`;
  const bare = `/projects/${room.bare}`;
  const store = `${own}/datasources/${room.datasource}`;
  return [
    { name: 's01-sign-in', address: '/', signedOut: true },
    { name: 's02-overview', address: own },
    { name: 's02-overview-empty', address: bare },
    { name: 's03-data-sources', address: `${own}/datasources` },
    { name: 's03-data-sources-empty', address: `${bare}/datasources` },
    {
      name: 's03-data-source-gallery',
      address: `${own}/datasources`,
      act: (page) => page.locator('main .ant-btn-primary').first().click(),
    },
    {
      name: 's03-data-source-form',
      address: `${own}/datasources`,
      act: async (page) => {
        await page.locator('main .ant-btn-primary').first().click();
        await page
          .getByRole('dialog')
          .getByRole('button', { name: /PostgreSQL/ })
          .click();
        await page.getByRole('dialog').getByRole('textbox').nth(1).waitFor();
      },
    },
    { name: 's04-data-source', address: store },
    ...['columns', 'sample', 'ddl'].map((view) => ({
      name: `s04-table-${view}`,
      address: `${store}?tab=tables&table=public.orders&view=${view}`,
    })),
    { name: 's04-used-by', address: `${store}?tab=users` },
    { name: 's04-history', address: `${store}?tab=history` },
    { name: 's05-jobs', address: `${own}/jobs` },
    { name: 's05-jobs-empty', address: `${bare}/jobs` },
    { name: 's06-wizard-new', address: `${own}/new-job` },
    ...STEPS.map((step) => ({
      name: `s06-wizard-${step}`,
      address: `${own}/jobs/${room.wizard}/wizard?step=${step}`,
    })),
    { name: 's07-script', address: `${own}/jobs/${room.script}/script` },
    { name: 's07-script-new', address: `${own}/new-script` },
    { name: 's08-run-dialog', address: `${own}/jobs/${room.wizard}/wizard?open=run` },
    { name: 's09-submit', address: `${own}/jobs/${room.wizard}/wizard?open=submit` },
    { name: 's10-runs', address: `${own}/runs` },
    { name: 's10-runs-empty', address: `${bare}/runs` },
    ...RUN_TABS.map((tab) => ({
      name: `s11-run-${tab}`,
      address: `${own}/runs/${room.copied}?tab=${tab}`,
    })),
    { name: 's11-run-live', address: `${own}/runs/${room.running}?tab=channels`, live: 'canvas' },
    { name: 's11-run-failed', address: `${own}/runs/${room.failed}` },
    { name: 's12-dirty-rows', address: `${own}/runs/${room.dirty}?tab=dirty` },
    { name: 's13-backfills', address: `${own}/backfills` },
    { name: 's13-backfills-empty', address: `${bare}/backfills` },
    { name: 's13-backfill-new', address: `${own}/backfills/new?job=${room.wizard}` },
    { name: 's13-backfill', address: `${own}/backfills/${room.backfill}` },
    { name: 's14-schedules', address: `${own}/schedules` },
    { name: 's14-schedules-empty', address: `${bare}/schedules` },
    { name: 's14-day', address: `${own}/schedules/day?date=2024-03-01` },
    { name: 's14-day-empty', address: `${bare}/schedules/day` },
    { name: 's14-instances', address: `${own}/schedules/instances` },
    { name: 's14-instance', address: `${own}/schedules/instances/${room.instance}` },
    { name: 's15-groups', address: `${own}/groups` },
    { name: 's15-group', address: `${own}/groups/default` },
    ...['rules', 'channels', 'history'].flatMap((tab) => [
      { name: `s19-alerts-${tab}`, address: `${own}/alerts?tab=${tab}` },
      { name: `s19-alerts-${tab}-empty`, address: `${bare}/alerts?tab=${tab}` },
    ]),
    {
      name: 's19-alert-rule',
      address: `${own}/alerts?tab=rules`,
      act: (page) => page.locator('main .ant-btn-primary').first().click(),
    },
    {
      name: 's19-alert-channel',
      address: `${own}/alerts?tab=channels`,
      act: (page) => page.locator('main .ant-btn-primary').first().click(),
    },
    ...PARTS.map((part) => ({
      name: `s20-settings-${part}`,
      address: `${own}/settings?part=${part}`,
    })),
    { name: 's21-profile', address: `${own}/profile` },
  ];
}

/**
 * Pictures of every page for people to look at; made when `LONGSHORE_SCREENSHOTS` names a folder.
 * `LONGSHORE_SCREENSHOTS_OF` is a pattern for the names of some of them.
 */
test.describe('pictures', () => {
  test.describe.configure({ timeout: 1_200_000 });
  for (const locale of ['en-US', 'zh-CN']) {
    test.describe(locale, () => {
      test.use({ locale });
      test(`of every page, ${locale}`, async ({ page, stage, faults }) => {
        // Whoever is not signed in is told so.
        faults.expects(/status of 401/);
        const folder = process.env.LONGSHORE_SCREENSHOTS ?? '';
        const wanted = new RegExp(process.env.LONGSHORE_SCREENSHOTS_OF ?? '');
        const language = locale.slice(0, 2);
        const room = await furnish(stage, language === 'en' ? 'demo' : 'demo_zh');
        for (const view of viewsOf(room)) {
          const { name, address, act } = view;
          if (!wanted.test(name)) continue;
          await test.step(name, async () => {
            const cookies = await page.context().cookies();
            if (view.signedOut) await page.context().clearCookies();
            await page.setViewportSize({ width: 1280, height: 800 });
            await page.goto(address);
            if (view.live) await page.locator(view.live).waitFor();
            else if (view.signedOut) await page.waitForLoadState('networkidle');
            else await settled(page);
            await act?.(page);
            await expect(page.locator('.ant-skeleton, .ant-spin-spinning')).toHaveCount(0);
            for (const width of [1280, 1024]) {
              await page.setViewportSize({ width, height: 800 });
              await tellOfOverflow(page, `${name}, ${language}, ${width}`);
              for (const theme of THEMES) {
                await show(page, theme);
                const file = `${name}.${language}.${theme}.${width}.png`;
                await page.screenshot({ path: path.join(folder, file) });
              }
            }
            await page.context().addCookies(cookies);
          });
        }
        await close(room);
      });
    });
  }
});

/** Says on the way which page has to be scrolled sideways, since a picture does not show what lies outside it. */
async function tellOfOverflow(page: Page, name: string): Promise<void> {
  const over = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  if (over > 0) console.log(`too wide by ${over}: ${name}`);
}
