/** What is measured on the way: printed, and kept for whoever wants to compare. Nothing here fails. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test, type Page } from '@playwright/test';

/** Notes a figure; `LONGSHORE_FIGURES` names a file that collects all of them. */
export function note(name: string, value: number, unit: string): void {
  const rounded = Math.round(value);
  console.log(`measured: ${name}: ${rounded} ${unit}`);
  test.info().annotations.push({ type: 'figure', description: `${name}: ${rounded} ${unit}` });
  const file = process.env.LONGSHORE_FIGURES;
  if (!file) return;
  const known: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const all = { ...(known as object), [name]: { value: rounded, unit } };
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`);
}

/** Notes how long something takes, in milliseconds. */
export async function timed<T>(name: string, act: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const result = await act();
  note(name, performance.now() - begun, 'ms');
  return result;
}

/** Notes how evenly a page is drawn while something is done to it: the usual and the longest time of a frame. */
export async function frames(page: Page, name: string, act: () => Promise<void>): Promise<void> {
  const watch = await page.evaluateHandle(() => {
    const seen = { times: [] as number[], isOn: true };
    let last = performance.now();
    const look = (now: number) => {
      seen.times.push(now - last);
      last = now;
      if (seen.isOn) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    return seen;
  });
  await act();
  const times = await watch.evaluate((seen) => {
    seen.isOn = false;
    return seen.times.toSorted((a, b) => a - b);
  });
  await watch.dispose();
  note(`${name}, frame in the middle`, times[Math.floor(times.length / 2)] ?? 0, 'ms');
  note(`${name}, 95 of 100 frames within`, times[Math.floor(times.length * 0.95)] ?? 0, 'ms');
  note(`${name}, longest frame`, times.at(-1) ?? 0, 'ms');
}
