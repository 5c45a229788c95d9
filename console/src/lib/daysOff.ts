/** Days off as people write them: a date or a span a line. */

const DAY = 86_400_000;
const SPAN = /^(\d{4}-\d{2}-\d{2})(?:\s*(?:\.\.|–)\s*(\d{4}-\d{2}-\d{2}))?$/;
/** A longer span is a slip of the pen. */
const LONGEST_SPAN = 366;

/** Dates as lines, with days that follow each other in one: `2026-10-01..2026-10-07`. */
export function linesOf(days: readonly string[]): string[] {
  const spans: [string, string][] = [];
  for (const day of [...new Set(days)].toSorted()) {
    const last = spans.at(-1);
    if (last && Date.parse(last[1]) + DAY === Date.parse(day)) last[1] = day;
    else spans.push([day, day]);
  }
  return spans.map(([from, to]) => (from === to ? from : `${from}..${to}`));
}

/** The dates of lines, and the lines that say none. */
export function daysOf(lines: readonly string[]): { days: string[]; wrong: string[] } {
  const days = new Set<string>();
  const wrong: string[] = [];
  for (const line of lines) {
    const found = daysIn(line);
    if (found.length === 0) wrong.push(line);
    for (const day of found) days.add(day);
  }
  return { days: [...days].toSorted(), wrong };
}

/** The Saturdays and Sundays of a year. */
export function weekendsOf(year: number): string[] {
  return between(`${year}-01-01`, `${year}-12-31`).filter((day) =>
    [0, 6].includes(new Date(day).getUTCDay()),
  );
}

function daysIn(line: string): string[] {
  const [, from, to = from] = SPAN.exec(line) ?? [];
  if (!from || !to || !isDate(from) || !isDate(to)) return [];
  const days = (Date.parse(to) - Date.parse(from)) / DAY;
  return days > LONGEST_SPAN ? [] : between(from, to);
}

function between(from: string, to: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY) {
    days.push(new Date(at).toISOString().slice(0, 10));
  }
  return days;
}

/** Whether there is such a day; the parser takes 30 February for one in March. */
function isDate(text: string): boolean {
  const at = Date.parse(text);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}
