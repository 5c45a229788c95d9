/**
 * A part of a log that is too long to hold as a whole. Its places are offsets in bytes, as the server counts them: it
 * gives the lines from a place on, or the last ones before it.
 */

export interface LogLine {
  at: string;
  level: 'info' | 'warning' | 'error';
  stage: string;
  message: string;
}

/** Lines that the server gave, and where they begin and end. */
export interface Answer {
  lines: LogLine[];
  offset: number;
  nextOffset: number;
  hasMore: boolean;
}

/** From a place on, or up to it. */
export type Where = { offset: number } | { before: number };

export type Ask = (where: Where) => Promise<Answer>;

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
/** What is held of a log at most. */
const MOST_PAGES = 20;
/** A place behind the end of any log, which stands for its end. */
const END = Number.MAX_SAFE_INTEGER;

/** The beginning of a log. */
export async function fromStart(ask: Ask): Promise<Part> {
  return asPart(await ask({ offset: 0 }));
}

/** The end of a log: a short one whole, of a long one its last lines. */
export async function fromEnd(ask: Ask): Promise<Part> {
  return asPart(await ask({ before: END }));
}

/** The part with what follows it; what is too far above is let go. */
export async function below(part: Part, ask: Ask): Promise<Part> {
  const answer = await ask({ offset: endOf(part) });
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
  const { lines, offset } = await ask({ before: top.start });
  const page: Page = { start: offset, end: top.start, first: top.first - lines.length, lines };
  const pages = [page, ...part.pages];
  const kept = pages.slice(0, MOST_PAGES);
  return { pages: kept, hasMore: part.hasMore || kept.length < pages.length };
}

/** Where the part ends, and what follows it begins. */
function endOf(part: Part): number {
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

function asPart({ lines, offset, nextOffset, hasMore }: Answer): Part {
  return { pages: [{ start: offset, end: nextOffset, first: 0, lines }], hasMore };
}
