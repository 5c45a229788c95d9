import { expect, test } from 'vitest';
import { words as en } from './en';
import { words as zh } from './zh';

/** Every text by its path. */
function texts(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  return Object.entries(value ?? {}).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
}

/** What is put into a text. */
function holes(text: string): string[] {
  return (text.match(/\{\{[^}]*\}\}|<\/?\w+\/?>/g) ?? []).toSorted();
}

/** Chinese has one form where English has two. */
const singular = (path: string) => path.replace(/_(one|other)$/, '');

/** Where there are texts. */
const paths = (language: unknown) => [...new Set(texts(language).map(([path]) => singular(path)))];

test('both languages say the same things', () => {
  expect(paths(zh).toSorted()).toEqual(paths(en).toSorted());
});

test('a text has the same parts put into it in both languages', () => {
  const chinese = new Map(texts(zh).map(([path, text]) => [singular(path), text]));
  for (const [path, text] of texts(en)) {
    if (path.endsWith('_one')) continue;
    expect([path, holes(chinese.get(singular(path)) ?? '')]).toEqual([path, holes(text)]);
  }
});
