import { describe, expect, it } from 'vitest';
import { byHour } from './hours';

describe('runs by hour', () => {
  const now = Date.parse('2026-11-23T10:30:00Z');

  it('are counted in the hour in which they were asked for', () => {
    const runs = [
      { state: 'failed', queuedAt: '2026-11-23T10:00:00Z' },
      { state: 'succeeded', queuedAt: '2026-11-23T09:59:59Z' },
      { state: 'succeeded', queuedAt: '2026-11-23T09:00:00Z' },
    ];
    const hours = byHour(runs, now, 3);
    expect(hours.map((hour) => hour.counts)).toEqual([{}, { succeeded: 2 }, { failed: 1 }]);
    expect(new Date(hours[0]?.begin ?? 0).toISOString()).toBe('2026-11-23T08:00:00.000Z');
  });

  it('leave out what lies before', () => {
    const hours = byHour([{ state: 'failed', queuedAt: '2026-11-22T08:00:00Z' }], now, 24);
    expect(hours.reduce((sum, hour) => sum + hour.total, 0)).toBe(0);
  });
});
