import { describe, expect, it } from 'vitest';
import { changesOf } from './changes';

describe('changes', () => {
  it('are told field by field', () => {
    const before = { name: 'shop', config: { host: 'a', port: 1 }, tags: [1] };
    const after = { name: 'shop', config: { host: 'b', port: 1 }, tags: [1, 2] };
    expect(changesOf(before, after)).toEqual([
      { path: 'config.host', before: 'a', after: 'b' },
      { path: 'tags', before: [1], after: [1, 2] },
    ]);
  });

  it('of something new are all its fields', () => {
    expect(changesOf(null, { a: { b: 1 }, c: null })).toEqual([
      { path: 'a.b', before: undefined, after: 1 },
    ]);
  });

  it('of what stayed are none', () => {
    expect(changesOf({ a: [1] }, { a: [1] })).toEqual([]);
  });
});
