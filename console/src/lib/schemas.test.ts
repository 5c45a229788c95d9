import { describe, expect, it } from 'vitest';
import { bySchema, schemaOf } from './schemas';

describe('schemas', () => {
  it('are what stands before the first dot', () => {
    expect(schemaOf('public.person')).toBe('public');
    expect(schemaOf('person')).toBe('');
    expect(schemaOf('"my.shop"."a.b"')).toBe('"my.shop"');
  });

  it('hold their tables in order', () => {
    const tables = ['b.x', 'a.y', 'b.z'].map((name) => ({ name }));
    expect(bySchema(tables).map(({ name, tables: found }) => [name, found.length])).toEqual([
      ['b', 2],
      ['a', 1],
    ]);
  });
});
