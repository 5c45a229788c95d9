import { describe, expect, it } from 'vitest';
import { emptyDocument } from './document';
import { readIncrement, writeIncrement, type Increment } from './increment';
import { resolved, selectOf } from './select';

describe('an increment', () => {
  const cases: [string, Increment][] = [
    ['from a day on', { column: 'day', from: '${yyyy-mm-dd}', until: '', rest: '' }],
    ['of a day', { column: 'at', from: '${yyyy-mm-dd}', until: '${yyyy-mm-dd+1}', rest: '' }],
    ['with quotes', { column: 'It "is"', from: "o'clock", until: "'", rest: '' }],
    ['with a rest', { column: 'id', from: '5', until: '9', rest: "a = ')' OR (b > 1)" }],
  ];
  it.each(cases)('%s is read as it was written', (_, increment) => {
    expect(readIncrement(writeIncrement(increment))).toEqual(increment);
  });
  it.each(['', 'id > 2 and sex = 1', "a >= '1' AND b < '2'", "a >= '1' AND (b) OR (c)"])(
    '%s is none',
    (condition) => {
      expect(readIncrement(condition)).toBeNull();
    },
  );
});

describe('the SELECT', () => {
  it('names what the source is asked for', () => {
    const document = emptyDocument();
    document.configuration.reader.parameter = {
      table: ['public.a', 'public.b'],
      column: ['id', 'Name', "'x'", 'now()', '${bizdate}', { expression: 'id * 2' }],
      where: "day = '${bizdate}'",
    };
    document.configuration.writer.parameter = { column: ['a', 'b', 'c', 'd', 'e', 'f'] };
    const select = selectOf(document, ['id', 'Name']);
    expect(select).toBe(
      'SELECT id, "Name", now()\nFROM public.a\nWHERE day = \'${bizdate}\';\n' +
        'SELECT id, "Name", now()\nFROM public.b\nWHERE day = \'${bizdate}\'',
    );
    expect(resolved(select, [{ reference: '${bizdate}', value: '20260304' }])).toContain(
      "day = '20260304'",
    );
  });
});
