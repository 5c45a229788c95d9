/**
 * What every story has: real servers, a project with a database of its own, and a browser that tells on the page
 * when it complains or asks somebody else than the server.
 */

import { test as base, expect, type Page } from '@playwright/test';
import { createDatabase, type Database } from './stage/postgresql';
import { startMaxCompute, type MaxCompute } from './stage/maxcompute';
import { setUp, startServer, type Server, type SignedIn } from './stage/server';
import { createScene, type Scene } from './stage/scene';

export { expect };

/** The servers, which all stories of a worker share. */
export interface Stage extends SignedIn {
  server: Server;
  /** Where the server keeps its own data. */
  store: Database;
  maxcompute: MaxCompute;
}

/** What went wrong in the browser beside what the story looks at. */
export interface Faults {
  /** Complaints that a story provokes, such as the browser's about an answer that is a refusal. */
  expects: (...patterns: RegExp[]) => void;
}

interface Story {
  signedIn: boolean;
  faults: Faults;
  scene: Scene;
}

const HERE = '127.0.0.1';

export const test = base.extend<Story, { stage: Stage }>({
  stage: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const store = await createDatabase('store');
      const maxcompute = await startMaxCompute();
      const server = await startServer({ name: 'stories', store: store.url });
      await use({ server, store, maxcompute, ...(await setUp(server)) });
      await server.stop();
      await maxcompute.stop();
    },
    { scope: 'worker', timeout: 120_000 },
  ],

  signedIn: [true, { option: true }],

  baseURL: async ({ stage }, use) => use(stage.server.address),

  context: async ({ context, stage, signedIn }, use) => {
    if (signedIn) {
      await context.addCookies([{ ...stage.cookie, domain: HERE, path: '/', httpOnly: true }]);
    }
    await use(context);
  },

  // Watches every story, whether it names it or not.
  faults: [
    async ({ page }, use) => {
      const found = watch(page);
      const expected: RegExp[] = [];
      await use({ expects: (...patterns) => expected.push(...patterns) });
      const left = found.filter((fault) => !expected.some((pattern) => pattern.test(fault)));
      expect(left, 'what the browser complained about').toEqual([]);
    },
    { auto: true },
  ],

  scene: async ({ stage }, use, info) => {
    await use(await createScene(stage, info.titlePath[0]?.match(/\d+/)?.[0] ?? ''));
  },
});

/** Everything that a browser should not have to say, as it comes. */
function watch(page: Page): string[] {
  const found: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    found.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => found.push(`uncaught: ${error.stack ?? error.message}`));
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    const isInside = protocol === 'data:' || protocol === 'blob:' || hostname === HERE;
    if (!isInside) found.push(`asked ${request.url()}`);
  });
  return found;
}
