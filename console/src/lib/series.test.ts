import { expect, it } from 'vitest';
import { rates } from './series';

const sample = (second: number, rowsWritten: number, waits: [number, number] | null = null) => ({
  at: `2026-01-01T00:00:0${second}Z`,
  rowsWritten,
  bytes: rowsWritten * 1_048_576,
  waitReader: waits?.[0] ?? null,
  waitWriter: waits?.[1] ?? null,
});

it('tells rates between moments, and which side was waited for', () => {
  const found = rates([sample(0, 0), sample(2, 10, [0.25, 0.5]), sample(3, 4)]);
  expect(found.rows).toEqual([5, 0]);
  expect(found.mib).toEqual([5, 0]);
  expect(found.waitReader).toEqual([25, null]);
  expect(found.waitWriter).toEqual([50, null]);
});
