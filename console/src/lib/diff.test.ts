import { describe, expect, it } from 'vitest';
import { diffLines, withContext } from './diff';

const said = (before: string, after: string) =>
  diffLines(before, after).map(
    ({ kind, text }) => ({ same: ' ', added: '+', removed: '-' })[kind] + text,
  );

describe('diffLines', () => {
  it('keeps what both have', () => {
    expect(said('a\nb\nc\nd\n', 'a\nx\nc\ny\nd\n')).toEqual([' a', '-b', '+x', ' c', '+y', ' d']);
    expect(said('', 'a\n')).toEqual(['+a']);
    expect(said('a\nb', '')).toEqual(['-a', '-b']);
    expect(said('a\r\nb\n', 'a\nb\n')).toEqual([' a', ' b']);
  });
  it('counts the lines of both texts', () => {
    const [, removed, last] = diffLines('a\nb\nc', 'a\nc');
    expect(removed).toMatchObject({ before: 2, after: null });
    expect(last).toMatchObject({ before: 3, after: 2 });
  });
  it('leaves out what is far from any difference', () => {
    const old = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const shown = withContext(diffLines(old.join('\n'), old.with(10, 'new').join('\n')), 2);
    expect(shown[0]).toBeNull();
    expect(shown.at(-1)).toBeNull();
    expect(shown).toHaveLength(8);
    expect(withContext(diffLines('a\nb', 'a\nb'), 2)).toEqual([]);
  });
});
