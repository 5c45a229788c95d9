import { expect, test } from 'vitest';
import { daysOf, linesOf, weekendsOf } from './daysOff';

test('days that follow each other are one line, and come back from it', () => {
  const days = ['2026-10-02', '2026-10-01', '2027-01-01', '2026-12-31', '2026-05-01', '2026-05-01'];
  const lines = ['2026-05-01', '2026-10-01..2026-10-02', '2026-12-31..2027-01-01'];
  expect(linesOf(days)).toEqual(lines);
  expect(daysOf(lines)).toEqual({ days: [...new Set(days)].toSorted(), wrong: [] });
});

test('lines that say no day are told apart', () => {
  const lines = [
    '2026-02-28 – 2026-03-01',
    'soon',
    '2026-02-30',
    '2026-03-02..2026-03-01',
    '2020-01-01..2026-01-01',
  ];
  expect(daysOf(lines)).toEqual({
    days: ['2026-02-28', '2026-03-01'],
    wrong: lines.slice(1),
  });
});

test('a year has its Saturdays and Sundays', () => {
  const days = weekendsOf(2026);
  expect(days).toHaveLength(104);
  expect(days.slice(0, 3)).toEqual(['2026-01-03', '2026-01-04', '2026-01-10']);
});
