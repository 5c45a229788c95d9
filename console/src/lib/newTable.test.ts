import { describe, expect, it } from 'vitest';
import { NOTHING_TYPED, suggestedName, tableMadeBy, withStatement } from './newTable';

describe('tableMadeBy', () => {
  const statements: [string, string | null][] = [
    ['CREATE TABLE "public"."Person" (\n    "id" bigint\n);', 'public.Person'],
    ['CREATE TABLE `hpg` (`id` bigint)', 'hpg'],
    ['  create table if not exists Public . Person (id int)', 'public.person'],
    ['CREATE TABLE "a.b"."say ""hi""" (x int)', '"a.b"."say ""hi"""'],
    ['CREATE TABLE 人 (id int)', '人'],
    ['DROP TABLE person', null],
    ['', null],
  ];
  it.each(statements)('%s', (statement, name) => {
    expect(tableMadeBy(statement)).toBe(name);
  });
});

describe('suggestedName', () => {
  it('is that of the source, where the target has its tables', () => {
    expect(suggestedName('hpg', false, ['sales.orders', 'public.person'])).toBe('public.hpg');
    expect(suggestedName('public.person', false, ['sales.orders'])).toBe('sales.person');
    expect(suggestedName('public.person', false, ['hpg'])).toBe('person');
    expect(suggestedName('public."First Name"', false, [])).toBe('First_Name');
  });
  it('is that of a file without its folders and its kind', () => {
    expect(suggestedName('in/${bizdate}/person.csv.gz', true, [])).toBe('person');
    expect(suggestedName('in/*', true, [])).toBe('new_table');
  });
});

describe('a statement', () => {
  it('follows its draft until it is changed, and again when the change is taken back', () => {
    const drafted = 'CREATE TABLE a (x int)';
    expect(withStatement(NOTHING_TYPED, drafted, drafted)).toBe(NOTHING_TYPED);
    const changed = withStatement(NOTHING_TYPED, `${drafted};`, drafted);
    expect(changed.statement).toBe(`${drafted};`);
    expect(withStatement(changed, drafted, drafted)).toEqual(NOTHING_TYPED);
  });
});
