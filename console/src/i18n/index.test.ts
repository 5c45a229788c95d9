import { expect, it } from 'vitest';
import { en, zh } from '.';

function keysOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, inner]) => keysOf(inner, `${path}.${name}`));
}

it('says everything in both languages', () => {
  expect(keysOf(zh).toSorted()).toEqual(keysOf(en).toSorted());
});
