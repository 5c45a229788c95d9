import { defineConfig } from '@playwright/test';
import { environment } from './stage/environment';

const isLookedAt = Boolean(process.env.LONGSHORE_SCREENSHOTS);

function chromium(): string {
  try {
    return environment().chromium;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return process.exit(2);
  }
}

export default defineConfig({
  testDir: './stories',
  // Pictures for people are made when somebody wants them.
  testIgnore: isLookedAt ? [] : ['**/pictures.spec.ts'],
  outputDir: '../test-results',
  reporter: 'list',
  // Two cores have enough to do with one browser, one server, and the stores.
  workers: 1,
  forbidOnly: true,
  timeout: 90_000,
  // What passes only the second time is told as flaky, and wants mending.
  retries: 1,
  expect: { timeout: 15_000 },
  use: {
    actionTimeout: 15_000,
    viewport: { width: 1280, height: 800 },
    locale: 'en-US',
    // Far from UTC, so that a time in the wrong zone is seen.
    timezoneId: 'Asia/Shanghai',
    contextOptions: { reducedMotion: 'reduce' },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: chromium(),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
