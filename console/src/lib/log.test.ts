import { describe, expect, it } from 'vitest';
import {
  above,
  below,
  fromEnd,
  fromStart,
  isFromStart,
  LINES,
  rowsOf,
  type LogLine,
  type Where,
} from './log';

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
  const asked: Where[] = [];
  const starting = (place: number) => {
    const found = starts.findIndex((start) => start >= place);
    return found === -1 ? starts.length : found;
  };
  const ask = (where: Where) => {
    asked.push(where);
    const isUp = 'before' in where;
    const to = isUp
      ? starting(where.before)
      : Math.min(lines.length, starting(where.offset) + LINES);
    const from = isUp ? Math.max(0, to - LINES) : starting(where.offset);
    return Promise.resolve({
      lines: lines.slice(from, to),
      offset: starts[from] ?? size,
      nextOffset: starts[to] ?? size,
      hasMore: to < lines.length,
    });
  };
  /** Another line, as a run writes it. */
  const write = (message: string) => {
    const line: LogLine = { at: '2026-03-04T00:15:01.000Z', level: 'info', stage: 'run', message };
    lines.push(line);
    starts.push(size);
    size += new TextEncoder().encode(`${JSON.stringify(line)}\n`).length;
  };
  return { ask, asked, write };
}

const messages = (part: Parameters<typeof rowsOf>[0]) => rowsOf(part).map((row) => row.text);

describe('a short log', () => {
  it('is read whole at once', async () => {
    const { ask, asked } = logOf(30);
    const part = await fromEnd(ask);
    expect([messages(part).length, asked.length, part.hasMore]).toEqual([30, 1, false]);
    expect(isFromStart(part)).toBe(true);
    expect(await above(part, ask)).toBe(part);
  });
  it('may be empty', async () => {
    expect(messages(await fromEnd(logOf(0).ask))).toEqual([]);
  });
});

describe('a long log', () => {
  it('is read from its end at once', async () => {
    const { ask, asked } = logOf(60_000);
    const part = await fromEnd(ask);
    expect(messages(part)).toHaveLength(LINES);
    expect(messages(part).at(-1)).toMatch(/^Zeile 59999 /);
    expect(asked).toHaveLength(1);
    expect([isFromStart(part), part.hasMore]).toEqual([false, false]);
  });
  it('is followed from its end on', async () => {
    const { ask, asked, write } = logOf(5_000);
    const before = await fromEnd(ask);
    write('new');
    const part = await below(before, ask);
    expect(messages(part).slice(-2)).toEqual([expect.stringMatching(/^Zeile 4999 /), 'new']);
    expect(asked).toHaveLength(2);
  });
  it('asks once for each part above, and keeps the names of the rows', async () => {
    const { ask, asked } = logOf(5_000);
    const part = await fromEnd(ask);
    const up = await above(part, ask);
    expect(asked).toHaveLength(2);
    expect(rowsOf(up).slice(LINES)).toEqual(rowsOf(part));
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
    while (part.hasMore) part = await below(part, ask);
    const rows = rowsOf(part);
    expect(rows).toHaveLength(20_000);
    expect(new Set(rows.map((row) => row.key)).size).toBe(20_000);
    expect(isFromStart(part)).toBe(false);
    const up = await above(part, ask);
    expect(up.hasMore).toBe(true);
    expect(new Set(rowsOf(up).map((row) => row.key)).size).toBe(rowsOf(up).length);
  });
  it('stays the same object while nothing is added', async () => {
    const { ask } = logOf(10);
    const part = await fromEnd(ask);
    expect(await below(part, ask)).toBe(part);
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
