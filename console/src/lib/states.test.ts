import { describe, expect, it } from 'vitest';
import { barsOf, gravest } from './states';

const run = (at: string, state: string) => ({ queuedAt: at, state });

describe('barsOf', () => {
  it('counts by state, and shows where nothing ran', () => {
    const bars = barsOf([
      run('2026-03-04T00:15:00Z', 'succeeded'),
      run('2026-03-04T00:16:00Z', 'failed'),
      run('2026-03-04T00:27:00Z', 'succeeded'),
    ]);
    expect(bars.map((bar) => bar.total)).toEqual([2, 0, 1]);
    expect(bars[0]?.counts).toEqual({ succeeded: 1, failed: 1 });
  });
  it('widens the bars until they fit', () => {
    const days = Array.from({ length: 90 }, (_, day) =>
      run(new Date(Date.UTC(2026, 0, 1 + day)).toISOString(), 'succeeded'),
    );
    const bars = barsOf(days);
    expect(bars.length).toBeLessThanOrEqual(48);
    expect(bars.reduce((sum, bar) => sum + bar.total, 0)).toBe(90);
  });
  it('begins with the start of a run, not with its place in the queue', () => {
    const late = {
      queuedAt: '2026-03-04T00:00:00Z',
      startedAt: '2026-03-04T05:00:00Z',
      state: 'running',
    };
    expect(barsOf([late])[0]?.from).toBe(Date.parse('2026-03-04T05:00:00Z'));
  });
  it('has nothing to show of nothing', () => {
    expect(barsOf([])).toEqual([]);
  });
});

it('the gravest state comes first', () => {
  expect(gravest(['succeeded', 'failed', 'running'])).toBe('failed');
  expect(gravest(['succeeded', 'waiting'])).toBe('waiting');
});
