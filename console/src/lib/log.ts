/**
 * A part of a log that is too long to hold as a whole. Its places are offsets in bytes, as the server counts them:
 * from any of them it reads on with the next line that begins there.
 */

export interface LogLine {
  at: string;
  level: 'info' | 'warning' | 'error';
  stage: string;
  message: string;
}

/** Lines that the server gave from a place on. */
export interface Answer {
  lines: LogLine[];
  nextOffset: number;
  hasMore: boolean;
}

export type Ask = (offset: number, limit: number) => Promise<Answer>;

interface Page {
  start: number;
  end: number;
  /** The number of its first line; lines that were read later above it have negative ones. */
  first: number;
  lines: LogLine[];
}

/** Pages that follow one another without a gap. */
export interface Part {
  pages: Page[];
  /** Whether the log goes on below, as far as is known. */
  hasMore: boolean;
}

/** Lines that are asked for at a time, the most that the server gives. */
export const LINES = 1_000;
/** Lines of at least 75 bytes: fewer than are asked for fit in here. */
const STRIDE = 64 * 1024;
/** What is held of a log at most. */
const MOST_PAGES = 20;
const FIRST_GUESS = 1024 * 1024;

/** The beginning of a log. */
export async function fromStart(ask: Ask): Promise<Part> {
  return asPart(0, await ask(0, LINES));
}

/** The end of a log: a short one whole, of a long one what fits on some screens. */
export async function fromEnd(ask: Ask): Promise<Part> {
  const begun = await ask(0, LINES);
  if (!begun.hasMore) return asPart(0, begun);
  let low = begun.nextOffset;
  let high = Math.max(FIRST_GUESS, low * 2);
  while (!isBehind(await ask(high, 1), high)) {
    low = high;
    high *= 2;
  }
  while (high - low > STRIDE) {
    const middle = Math.floor((low + high) / 2);
    if (isBehind(await ask(middle, 1), middle)) high = middle;
    else low = middle;
  }
  const start = Math.max(begun.nextOffset, low - STRIDE);
  let part = asPart(start, await ask(start, LINES));
  // While it is looked for, the log grows.
  while (part.hasMore) part = below(part, await ask(endOf(part), LINES));
  return part;
}

/** The part with what follows it; what is too far above is let go. */
export function below(part: Part, answer: Answer): Part {
  const { hasMore } = answer;
  if (answer.nextOffset === endOf(part))
    return part.hasMore === hasMore ? part : { ...part, hasMore };
  const last = part.pages.at(-1);
  const page: Page = {
    start: endOf(part),
    end: answer.nextOffset,
    first: last ? last.first + last.lines.length : 0,
    lines: answer.lines,
  };
  return { pages: [...part.pages, page].slice(-MOST_PAGES), hasMore };
}

/** The part with what comes before it; what is too far below is let go. */
export async function above(part: Part, ask: Ask): Promise<Part> {
  const top = part.pages[0];
  if (!top || top.start === 0) return part;
  for (let stride = STRIDE; ; stride *= 4) {
    const from = Math.max(0, top.start - stride);
    const found = before(top.start, await ask(from, LINES));
    if (found.lines.length === 0 && from > 0) continue;
    const start = from === 0 ? 0 : found.start;
    const first = top.first - found.lines.length;
    const pages = [{ start, end: top.start, first, lines: found.lines }, ...part.pages];
    const kept = pages.slice(0, MOST_PAGES);
    return { pages: kept, hasMore: part.hasMore || kept.length < pages.length };
  }
}

/** Where the part ends, and what follows it begins. */
export function endOf(part: Part): number {
  return part.pages.at(-1)?.end ?? 0;
}

/** Whether the part begins where the log does. */
export function isFromStart(part: Part): boolean {
  return (part.pages[0]?.start ?? 0) === 0;
}

/** A row of the screen: a message of several lines has several. */
export interface Row {
  key: string;
  /** The line, for the first of its rows. */
  line: LogLine | null;
  level: LogLine['level'];
  text: string;
}

export function rowsOf(part: Part): Row[] {
  return part.pages.flatMap((page) =>
    page.lines.flatMap((line, index) =>
      line.message.split('\n').map((text, place) => ({
        key: `${page.first + index}.${place}`,
        line: place === 0 ? line : null,
        level: line.level,
        text,
      })),
    ),
  );
}

function asPart(start: number, { lines, nextOffset, hasMore }: Answer): Part {
  return { pages: [{ start, end: nextOffset, first: 0, lines }], hasMore };
}

/** Nothing is read from behind the end, so nothing was passed over either. */
function isBehind(answer: Answer, offset: number): boolean {
  return answer.lines.length === 0 && answer.nextOffset === offset;
}

/** The lines of an answer that begin before a place. The log holds each as the JSON that came, and a line end. */
function before(end: number, { lines, nextOffset }: Answer): { start: number; lines: LogLine[] } {
  const encoder = new TextEncoder();
  let start = nextOffset;
  let count = 0;
  let first = end;
  for (const line of lines.toReversed()) {
    start -= encoder.encode(JSON.stringify(line)).length + 1;
    if (start >= end) continue;
    count += 1;
    first = start;
  }
  return { start: first, lines: lines.slice(0, count) };
}
