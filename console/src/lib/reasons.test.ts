import { expect, it } from 'vitest';
import { stemsOf } from './reasons';

it('reasons that differ in their values only are counted together', () => {
  const reasons = [
    { column: 'n', reason: 'invalid input syntax for type integer: "x"', rowCount: 2 },
    { column: null, reason: 'violates "a_check" (Failing row contains (1, 2).)', rowCount: 1 },
    { column: null, reason: 'violates "a_check" (Failing row contains (3, 4).)', rowCount: 3 },
    { column: 'm', reason: 'too long', rowCount: 1 },
  ];
  expect(stemsOf(reasons)).toEqual([
    { column: null, text: 'violates "a_check"', rowCount: 4 },
    { column: 'n', text: 'invalid input syntax for type integer', rowCount: 2 },
    { column: 'm', text: 'too long', rowCount: 1 },
  ]);
});
