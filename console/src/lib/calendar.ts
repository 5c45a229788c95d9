/** Days as calendars show them. */

export interface Month {
  /** `2026-11`. */
  key: string;
  /** Weeks that begin with Monday; days of other months are absent. */
  weeks: (string | null)[][];
}

const DAY = 86_400_000;

/** The months that hold a range of dates, both ends included. */
export function monthsOf(from: string, to: string): Month[] {
  const months: Month[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY) {
    const date = new Date(at).toISOString().slice(0, 10);
    const key = date.slice(0, 7);
    // The week begins with Monday, and `getUTCDay` with Sunday.
    const place = (new Date(at).getUTCDay() + 6) % 7;
    let month = months.at(-1);
    if (month?.key !== key) {
      month = { key, weeks: [] };
      months.push(month);
    }
    let week = month.weeks.at(-1);
    if (!week || place === 0) {
      week = Array.from({ length: 7 }, () => null);
      month.weeks.push(week);
    }
    week[place] = date;
  }
  return months;
}

/** The days of the week from Monday on, in short. */
export function weekdays(language: string): string[] {
  const words = new Intl.DateTimeFormat(language, { weekday: 'short', timeZone: 'UTC' });
  // 2 March 2026 is a Monday.
  return Array.from({ length: 7 }, (_, day) => words.format(Date.UTC(2026, 2, 2 + day)));
}

/** `November 2026`. */
export function monthName(key: string, language: string): string {
  const words = new Intl.DateTimeFormat(language, {
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  });
  return words.format(new Date(`${key}-01T00:00:00Z`));
}
