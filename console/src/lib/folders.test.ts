import { describe, expect, it } from 'vitest';
import { baseOf, joined, parentOf, treeOf } from './folders';

describe('folders', () => {
  it('are a tree, those in between included', () => {
    const tree = treeOf([
      { path: 'daily', jobCount: 2 },
      { path: 'hourly/orders/eu', jobCount: 1 },
    ]);
    expect(tree.map((node) => [node.path, node.jobCount])).toEqual([
      ['daily', 2],
      ['hourly', 0],
    ]);
    expect(tree[1]?.children[0]?.children[0]).toMatchObject({
      path: 'hourly/orders/eu',
      name: 'eu',
      jobCount: 1,
    });
  });
  it('have a name and a place', () => {
    expect([baseOf('a/b'), parentOf('a/b'), baseOf('a'), parentOf('a')]).toEqual([
      'b',
      'a',
      'a',
      '',
    ]);
    expect(joined('', 'a')).toBe('a');
  });
});
