import { describe, expect, it } from 'vitest';
import { monthName, monthsOf, weekdays } from './calendar';

describe('a calendar', () => {
  it('has weeks from Monday on, and months of their own', () => {
    const [february, march, ...others] = monthsOf('2026-02-27', '2026-03-03');
    expect(others).toEqual([]);
    // Friday and Saturday.
    expect(february).toEqual({
      key: '2026-02',
      weeks: [[null, null, null, null, '2026-02-27', '2026-02-28', null]],
    });
    expect(march?.weeks).toEqual([
      [null, null, null, null, null, null, '2026-03-01'],
      ['2026-03-02', '2026-03-03', null, null, null, null, null],
    ]);
  });
  it('is empty when it ends before it begins', () => {
    expect(monthsOf('2026-03-02', '2026-03-01')).toEqual([]);
  });
  it('is named in the language of the reader', () => {
    expect(weekdays('en')[0]).toBe('Mon');
    expect(monthName('2026-11', 'en')).toBe('November 2026');
    expect(monthName('2026-11', 'zh')).toBe('2026年11月');
  });
});
