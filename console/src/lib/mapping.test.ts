import { describe, expect, it } from 'vitest';
import { emptyDocument } from './document';
import {
  arranged,
  diffColumns,
  freeField,
  kindOf,
  link,
  pairsOf,
  refitted,
  sameName,
  sameRow,
  shownAs,
  spelledOut,
  unfilled,
  valueTyped,
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
    ['1e9', 'constant'],
    ['null', 'constant'],
    ['$[yyyymmdd-1]', 'variable'],
    ['{"expression":"price * 2"}', 'expression'],
    ['{"index":3,"type":"long"}', 'column'],
    ['{open', 'unrecognized'],
  ];
  const columns = new Set(['id', 'name']);
  it.each(kinds)('%s is %s', (text, kind) => {
    expect(kindOf(text, columns)).toBe(kind);
  });
  it('leaves expressions to Longshore where the source does not compute', () => {
    expect(valueTyped(' upper(name) ', columns, true)).toBe('upper(name)');
    const item = valueTyped('upper(name)', columns, false);
    expect(item).toBe('{"expression":"upper(name)"}');
    expect(shownAs(item)).toBe('upper(name)');
    expect(valueTyped('name', columns, false)).toBe('name');
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
  it('keep items that are objects, and constants that are no texts', () => {
    const document = emptyDocument();
    const column = [{ index: 2, type: 'long' }, 7, null, 'id'];
    document.configuration.reader.parameter.column = column;
    document.configuration.writer.parameter.column = ['a', 'b', 'c', 'd'];
    const pairs = pairsOf(document);
    expect(pairs.map((pair) => shownAs(pair.source))).toEqual(['#2', '7', 'null', 'id']);
    expect(withPairs(document, pairs).configuration.reader.parameter.column).toEqual([
      { index: 2, type: 'long' },
      '7',
      'null',
      'id',
    ]);
  });
  it('are named one by one where a star stands for all', () => {
    const star = [{ source: '*', target: '*' }];
    expect(spelledOut(star, ['a', 'b'], ['x', 'y'])).toEqual([
      { source: 'a', target: 'x' },
      { source: 'b', target: 'y' },
    ]);
  });
  it('lie level once arranged, as far as each source has one target', () => {
    const pairs = [
      { source: 'c', target: 'x' },
      { source: 'a', target: 'z' },
      { source: 'a', target: 'y' },
    ];
    expect(arranged(['a', 'b', 'c'], ['w', 'x', 'y', 'z'], pairs)).toEqual({
      sources: ['c', 'a', 'b'],
      targets: ['x', 'y', 'z', 'w'],
    });
  });
  it('tell which fields must still be filled', () => {
    const needed = { ...freeField('x'), nullable: false };
    const fields = [needed, freeField('y'), { ...needed, name: 'z', hasDefault: true }];
    expect(unfilled(fields, [])).toEqual(['x']);
    expect(unfilled(fields, [{ source: 'a', target: 'x' }])).toEqual([]);
  });
});

const line = (from: string, to = from) => ({ source: from, target: to });

describe('another table', () => {
  const source = [freeField('id'), freeField('name'), { ...freeField('pt'), partition: true }];
  const target = [freeField('id'), freeField('pt'), { ...freeField('name'), partition: true }];
  it('is mapped by name where nothing was mapped, without partitions', () => {
    expect(refitted([], 'target', { source, target }).kept).toEqual([line('id')]);
  });
  it('that was made for the source gets all that has no line yet', () => {
    const pairs = [line("'x'", 'id'), line('name', 'gone')];
    expect(refitted(pairs, 'target', { source, target }, true)).toEqual({
      kept: [line("'x'", 'id'), line('pt')],
      dropped: [line('name', 'gone')],
    });
    const all = [line('*')];
    expect(refitted(all, 'target', { source, target }, true).kept).toEqual(all);
  });
  it('takes lines away whose ends it lacks, but not their values', () => {
    const pairs = [line('a', 'x'), line("'c'", 'y'), line('id', 'z')];
    const { dropped } = refitted(pairs, 'source', { source, target });
    expect(dropped).toEqual([line('a', 'x')]);
  });
  it('leaves lines that were drawn', () => {
    expect(refitted([line('*')], 'target', { source, target }).kept).toEqual([line('*')]);
    expect(refitted([line('name', 'id')], 'source', { source, target })).toEqual({
      kept: [line('name', 'id')],
      dropped: [],
    });
  });
});

describe('columns', () => {
  it('differ by name and by type', () => {
    const before = [
      { name: 'a', type: 'int' },
      { name: 'b', type: 'int' },
    ];
    const after = [
      { name: 'b', type: 'bigint' },
      { name: 'c', type: 'text' },
    ];
    expect(diffColumns(before, after)).toEqual({
      added: [{ name: 'c', type: 'text' }],
      removed: [{ name: 'a', type: 'int' }],
      changed: [{ name: 'b', before: 'int', after: 'bigint' }],
    });
  });
});
