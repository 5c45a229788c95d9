import { expect, it } from 'vitest';
import { zh } from './chinese';
import { en } from './index';

function keysOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, inner]) => keysOf(inner, `${path}.${name}`));
}

it('says everything in both languages', () => {
  expect(keysOf(zh).toSorted()).toEqual(keysOf(en).toSorted());
});
