import { describe, expect, it } from 'vitest';
import { above, below, endOf, fromEnd, fromStart, isFromStart, rowsOf, type LogLine } from './log';

/** A log as the server reads it. */
function logOf(count: number) {
  const lines = Array.from({ length: count }, (_, index): LogLine => ({
    at: '2026-03-04T00:15:00.000Z',
    level: 'info',
    stage: 'run',
    message: `Zeile ${index} „ä“ ${'x'.repeat(index % 90)}`,
  }));
  const texts = lines.map((line) => new TextEncoder().encode(`${JSON.stringify(line)}\n`).length);
  const starts: number[] = [];
  let size = 0;
  for (const length of texts) {
    starts.push(size);
    size += length;
  }
  const asked: number[] = [];
  const ask = (offset: number, limit: number) => {
    asked.push(limit);
    if (offset >= size) return Promise.resolve({ lines: [], nextOffset: offset, hasMore: false });
    const first = starts.findIndex((start) => start >= offset);
    const from = first === -1 ? count : first;
    const to = Math.min(count, from + limit);
    const nextOffset = starts[to] ?? size;
    return Promise.resolve({ lines: lines.slice(from, to), nextOffset, hasMore: to < count });
  };
  return { ask, asked, size };
}

const messages = (part: Parameters<typeof rowsOf>[0]) => rowsOf(part).map((row) => row.text);

describe('a short log', () => {
  it('is read whole at once', async () => {
    const { ask, asked, size } = logOf(30);
    const part = await fromEnd(ask);
    expect([messages(part).length, endOf(part), asked.length]).toEqual([30, size, 1]);
    expect(isFromStart(part)).toBe(true);
  });
  it('may be empty', async () => {
    expect(messages(await fromEnd(logOf(0).ask))).toEqual([]);
  });
});

describe('a long log', () => {
  it('is read from its end in few steps', async () => {
    const { ask, asked, size } = logOf(60_000);
    const part = await fromEnd(ask);
    expect(endOf(part)).toBe(size);
    expect(messages(part).at(-1)).toMatch(/^Zeile 59999 /);
    expect(asked.length).toBeLessThan(30);
    expect(messages(part).length).toBeLessThan(3_000);
  });
  it('goes on above without a gap or a line twice', async () => {
    const { ask } = logOf(20_000);
    let part = await fromEnd(ask);
    for (let step = 0; step < 5; step += 1) part = await above(part, ask);
    const numbers = messages(part).map((text) => Number(text.split(' ')[1]));
    const first = numbers[0] ?? 0;
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => first + index));
    expect(numbers.at(-1)).toBe(19_999);
  });
  it('ends above at its beginning', async () => {
    const { ask } = logOf(5_000);
    let part = await fromEnd(ask);
    for (let step = 0; step < 12; step += 1) part = await above(part, ask);
    expect(isFromStart(part)).toBe(true);
    expect(messages(part)[0]).toMatch(/^Zeile 0 /);
  });
  it('goes on below, keeps a part only, and gives each row a name of its own', async () => {
    const { ask } = logOf(30_000);
    let part = await fromStart(ask);
    while (part.hasMore) part = below(part, await ask(endOf(part), 1_000));
    const rows = rowsOf(part);
    expect(rows).toHaveLength(20_000);
    expect(new Set(rows.map((row) => row.key)).size).toBe(20_000);
    expect(isFromStart(part)).toBe(false);
    const up = await above(part, ask);
    expect(up.hasMore).toBe(true);
    expect(new Set(rowsOf(up).map((row) => row.key)).size).toBe(rowsOf(up).length);
  });
  it('stays the same object while nothing is added', async () => {
    const { ask, size } = logOf(10);
    const part = await fromEnd(ask);
    expect(below(part, await ask(size, 1_000))).toBe(part);
  });
});

it('a message of several lines has several rows', () => {
  const line: LogLine = { at: '', level: 'error', stage: 'end', message: 'a\nb' };
  const part = { pages: [{ start: 0, end: 9, first: 0, lines: [line] }], hasMore: false };
  expect(rowsOf(part).map((row) => [row.key, row.text, row.line === null])).toEqual([
    ['0.0', 'a', false],
    ['0.1', 'b', true],
  ]);
});
