import { describe, expect, it } from 'vitest';
import { emptyDocument } from './document';
import {
  kindOf,
  link,
  pairsOf,
  sameName,
  sameRow,
  stillThere,
  unfilled,
  withPairs,
} from './mapping';

describe('kindOf', () => {
  const kinds: [string, string][] = [
    ['id', 'column'],
    ["'abc'", 'constant'],
    ["'it''s'", 'constant'],
    ['123', 'constant'],
    ['-1.5', 'constant'],
    ['${bdp.system.bizdate}', 'variable'],
    ["'${bizdate}'", 'variable'],
    ['*', 'all'],
    ['now()', 'expression'],
    ['address::varchar', 'expression'],
    ['nmae', 'unrecognized'],
    ["'open", 'unrecognized'],
    ['lower(name', 'unrecognized'],
  ];
  it.each(kinds)('%s is %s', (text, kind) => {
    expect(kindOf(text, ['id', 'name'], true)).toBe(kind);
  });
  it('knows no expressions where the source does not compute', () => {
    expect(kindOf('now()', ['id'], false)).toBe('unrecognized');
  });
});

describe('pairs', () => {
  it('are found by name whatever the case, in the order of the target', () => {
    expect(sameName(['ID', 'name', 'x'], ['name', 'id', 'y'])).toEqual([
      { source: 'name', target: 'name' },
      { source: 'ID', target: 'id' },
    ]);
  });
  it('are found by row as far as both lists go', () => {
    expect(sameRow(['a', 'b', 'c'], ['x', 'y'])).toHaveLength(2);
  });
  it('write a field of the target once', () => {
    const pairs = link([{ source: 'a', target: 'x' }], { source: 'b', target: 'x' });
    expect(pairs).toEqual([{ source: 'b', target: 'x' }]);
  });
  it('survive a document', () => {
    const pairs = [
      { source: 'id', target: 'id' },
      { source: "'abc'", target: 'kind' },
    ];
    expect(pairsOf(withPairs(emptyDocument(), pairs))).toEqual(pairs);
  });
  it('are kept when their columns are still there, and told when not', () => {
    const pairs = [
      { source: 'a', target: 'x' },
      { source: 'b', target: 'y' },
      { source: "'c'", target: 'z' },
    ];
    const gone = { sources: new Set(['b']), targets: new Set<string>() };
    expect(stillThere(pairs, gone)).toEqual({
      kept: [pairs[0], pairs[2]],
      dropped: [pairs[1]],
    });
  });
  it('tell which fields must still be filled', () => {
    const field = { type: 'int', key: false, arrowType: 'Int32' };
    const fields = [
      { ...field, name: 'x', nullable: false },
      { ...field, name: 'y', nullable: true },
    ];
    expect(unfilled(fields, [])).toEqual(['x']);
    expect(unfilled(fields, [{ source: 'a', target: 'x' }])).toEqual([]);
  });
});
