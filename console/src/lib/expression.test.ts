import { describe, expect, it } from 'vitest';
import { isExpression } from './expression';

const columns = new Set(['id', 'Name', 'price', 'born', 'tags']);

describe('isExpression', () => {
  const computed = [
    'now()',
    'upper(name)',
    'price * 2',
    '-price',
    '(price + id) / 2.5e-3',
    "name || ' ' || id",
    "t.name || '!'",
    '"first name" || id',
    'id::varchar(10)',
    "born::timestamp(3) with time zone at time zone 'UTC'",
    'address::varchar',
    "current_date - interval '1 day'",
    'current_timestamp',
    "case when price > 0 then 'a-b' else name end",
    'count(*) over (partition by id)',
    'price is not null and id in (1, 2)',
    'extract(year from born)',
    "'${bdp.system.bizdate}'::date - 1",
    'tags[1]',
    "tags -> 'a' ->> 'b'",
  ];
  it.each(computed)('%s is one', (text) => {
    expect(isExpression(text, columns)).toBe(true);
  });

  const others = [
    'first-name',
    'a b / c',
    'price name',
    'price / nmae',
    'price -',
    '-',
    'http://example.org',
    'a:b',
    'lower(name',
    "'open",
    'nmae',
  ];
  it.each(others)('%s is none', (text) => {
    expect(isExpression(text, columns)).toBe(false);
  });
});
