import { expect, it } from 'vitest';
import { askedOf } from './RunFilters';

it('asks for whole days in the zone of the reader', () => {
  const asked = askedOf({ state: 'failed', from: '2026-03-01', to: '2026-03-01' }, 'Asia/Shanghai');
  expect(asked.state).toBe('failed');
  expect(asked.startedFrom).toBe('2026-02-28T16:00:00.000Z');
  expect(asked.startedTo).toBe('2026-03-01T16:00:00.000Z');
  expect(askedOf({}, 'UTC').startedFrom).toBeUndefined();
});
