import { describe, expect, it } from 'vitest';
import { doubtOf, doubtOfConstant, type Doubt } from './fit';

const column = (arrowType: string, type = arrowType) => ({ arrowType, type });

describe('doubtOf', () => {
  const cases: [string, string, Doubt | null][] = [
    ['Int32', 'Int64', null],
    ['Int64', 'Int32', 'narrow'],
    ['UInt32', 'Int32', 'narrow'],
    ['UInt32', 'Int64', null],
    ['Int32', 'UInt64', 'narrow'],
    ['Int64', 'Utf8', null],
    ['Utf8', 'Int64', 'convert'],
    ['Utf8', 'LargeUtf8', null],
    ['Int64', 'Float64', null],
    ['Float64', 'Float32', 'narrow'],
    ['Int32', 'Decimal128(12, 2)', null],
    ['Int64', 'Decimal128(12, 2)', 'digits'],
    ['Decimal128(10, 2)', 'Decimal128(12, 4)', null],
    ['Decimal128(12, 2)', 'Decimal128(12, 4)', 'digits'],
    ['Date32', 'Timestamp(µs)', null],
    ['Timestamp(µs)', 'Date32', 'time'],
    ['Boolean', 'Boolean', null],
    ['Boolean', 'Int32', 'convert'],
    ['List(Int32)', 'List(Int32)', null],
  ];
  it.each(cases)('%s into %s: %s', (from, to, doubt) => {
    expect(doubtOf(column(from), column(to))).toBe(doubt);
  });
  it('looks at the length of texts', () => {
    const short = column('Utf8', 'character varying(10)');
    expect(doubtOf(column('Utf8', 'text'), short)).toBe('length');
    expect(doubtOf(column('Utf8', 'varchar(8)'), short)).toBeNull();
    expect(doubtOf(column('Int32'), short)).toBeNull();
  });
});

describe('doubtOfConstant', () => {
  const cases: [string, string, Doubt | null][] = [
    ["'12'", 'Int32', null],
    ["'abc'", 'Int32', 'convert'],
    ['1.5', 'Decimal128(10, 2)', null],
    ["''", 'Float64', 'convert'],
    ["'it''s'", 'Utf8', null],
    ['null', 'Int32', null],
    ["'yes please'", 'Boolean', 'convert'],
  ];
  it.each(cases)('%s into %s: %s', (constant, to, doubt) => {
    expect(doubtOfConstant(constant, column(to))).toBe(doubt);
  });
});
