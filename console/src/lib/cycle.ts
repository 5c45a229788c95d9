/** The cycle of a schedule: as it is built, and as cron text. */

export const DAYS = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const;
export type Day = (typeof DAYS)[number];

/** When a schedule is due; times are written `HH:MM`, dates `MM-DD`. */
export type Cycle =
  | { kind: 'minute'; every: number; from?: string; to?: string }
  | { kind: 'hour'; every: number; from?: string; to?: string }
  | { kind: 'hours'; hours: number[]; minute?: number }
  | { kind: 'day'; at?: string }
  | { kind: 'week'; days: Day[]; at: string }
  | { kind: 'month'; days?: number[]; lastDay?: boolean; at: string }
  | { kind: 'year'; dates: string[]; at: string }
  | { kind: 'cron'; text: string };
export type CycleKind = Cycle['kind'];

export const CYCLE_KINDS: readonly CycleKind[] = [
  'minute',
  'hour',
  'hours',
  'day',
  'week',
  'month',
  'year',
  'cron',
];

const FIRST = '00:00';
const LAST = '23:59';
const USUAL = '02:00';
const DAY_NAMES = DAYS.map((day) => day.slice(0, 3));

/** The time of day that a cycle begins at, which another kind of cycle takes over. */
function timeOf(cycle: Cycle): string {
  if ('at' in cycle) return cycle.at ?? USUAL;
  if (cycle.kind === 'hours') return clock((cycle.hours[0] ?? 0) * 60 + (cycle.minute ?? 0));
  return USUAL;
}

/** A cycle of another kind that keeps what both kinds have. */
export function ofKind(cycle: Cycle, kind: CycleKind): Cycle {
  const at = timeOf(cycle);
  const [hour = 0, minute = 0] = at.split(':').map(Number);
  switch (kind) {
    case 'minute':
      return { kind, every: 30, from: FIRST, to: LAST };
    case 'hour':
      return { kind, every: 1, from: FIRST, to: LAST };
    case 'hours':
      return { kind, hours: [hour], minute };
    case 'day':
      return { kind, at };
    case 'week':
      return { kind, days: ['monday'], at };
    case 'month':
      return { kind, days: [1], lastDay: false, at };
    case 'year':
      return { kind, dates: ['01-01'], at };
    case 'cron':
      return { kind, text: cronOf(cycle) ?? `${minute} ${hour} * * *` };
  }
}

/** The cycle as cron text, unless cron has no way to say it. */
export function cronOf(cycle: Cycle): string | null {
  if (cycle.kind === 'cron') return cycle.text.trim();
  const times = timesOf(cycle);
  const days = daysOf(cycle);
  if (times === null || times.length === 0 || days === null) return null;
  const minutes = distinct(times.map((time) => time % 60));
  const hours = distinct(times.map((time) => Math.floor(time / 60)));
  // Cron runs at each of the minutes in each of the hours.
  if (minutes.length * hours.length !== times.length) return null;
  return `${field(minutes, 0, 59)} ${field(hours, 0, 23)} ${days}`;
}

/** Cron text as the cycle that is easiest to edit; what no form can show stays cron text. */
export function cycleOf(text: string): Cycle {
  const fields = text.trim().split(/\s+/);
  const five = fields.length === 6 && fields[0] === '0' ? fields.slice(1) : fields;
  const built = five.length === 5 ? built5(five) : null;
  return built ?? { kind: 'cron', text };
}

function built5([minute = '', hour = '', date = '', month = '', weekday = '']: string[]) {
  const minutes = values(minute, 0, 59);
  const hours = values(hour, 0, 23);
  if (minutes === null || hours === null) return null;
  const [only = 0] = minutes;
  const isOnce = minutes.length === 1 && hours.length === 1;
  const at = clock((hours[0] ?? 0) * 60 + only);
  if (date === '*' && month === '*' && weekday === '*') {
    if (isOnce) return { kind: 'day', at } as const;
    if (minutes.length === 1) return hourly(hour, hours, only);
    return minutely(minute, hour, hours);
  }
  if (!isOnce) return null;
  if (date === '*' && month === '*') {
    const days = values(weekday, 0, 7, DAY_NAMES);
    if (days === null) return null;
    const names = distinct(days.map((day) => day % 7)).map((day) => DAYS[day] ?? 'sunday');
    return { kind: 'week', days: names, at } as const;
  }
  if (weekday !== '*') return null;
  const items = date.split(',');
  const lastDay = items.includes('L');
  const numbers = items.filter((item) => item !== 'L').join(',');
  const days = numbers === '' ? [] : values(numbers, 1, 31);
  if (days === null || date === '*') return null;
  if (month === '*') return { kind: 'month', days, lastDay, at } as const;
  const months = values(month, 1, 12);
  if (months === null || lastDay) return null;
  const dates = months.flatMap((one) => days.map((day) => `${two(one)}-${two(day)}`));
  return { kind: 'year', dates, at } as const;
}

function hourly(text: string, hours: number[], minute: number): Cycle {
  const step = /^\*(?:\/(\d+))?$/.exec(text);
  if (!step) return { kind: 'hours', hours, minute };
  return { kind: 'hour', every: Number(step[1] ?? 1), from: clock(minute), to: LAST };
}

function minutely(text: string, hour: string, hours: number[]): Cycle | null {
  const step = /^\*(?:\/(\d+))?$/.exec(text);
  const every = Number(step?.[1] ?? 1);
  const isRange = hour === '*' || /^\d+(-\d+)?$/.test(hour);
  // A step that does not fit an hour begins anew with each hour in cron, and goes on in a cycle.
  if (!step || !isRange || 60 % every !== 0) return null;
  const from = clock((hours[0] ?? 0) * 60);
  return { kind: 'minute', every, from, to: clock((hours.at(-1) ?? 23) * 60 + 59) };
}

/** The times of day in minutes, or null if one of them is none. */
function timesOf(cycle: Cycle): number[] | null {
  switch (cycle.kind) {
    case 'minute':
      return steps(cycle.every, cycle.from, cycle.to);
    case 'hour':
      return steps(cycle.every * 60, cycle.from, cycle.to);
    case 'hours':
      return distinct(cycle.hours.map((hour) => hour * 60 + (cycle.minute ?? 0)));
    case 'cron':
      return null;
    default: {
      const time = minutesOf(cycle.at ?? '');
      return time === null ? null : [time];
    }
  }
}

function steps(step: number, from = FIRST, to = LAST): number[] | null {
  const [first, last] = [minutesOf(from), minutesOf(to)];
  if (first === null || last === null || first > last || step < 1) return null;
  const count = Math.floor((last - first) / step) + 1;
  return Array.from({ length: count }, (_, index) => first + index * step);
}

/** Day of month, month and day of week. */
function daysOf(cycle: Cycle): string | null {
  switch (cycle.kind) {
    case 'week': {
      const days = distinct(cycle.days.map((day) => DAYS.indexOf(day)));
      return days.length === 0 ? null : `* * ${field(days, 0, 6)}`;
    }
    case 'month': {
      const days = distinct(cycle.days ?? []);
      const items = days.length === 0 ? [] : [field(days, 1, 31)];
      // A star holds the last day already and stands alone.
      if (cycle.lastDay && items[0] !== '*') items.push('L');
      return items.length === 0 ? null : `${items.join(',')} * *`;
    }
    case 'year': {
      const dates = cycle.dates.map((date) => date.split('-').map(Number));
      const months = distinct(dates.map(([month = 0]) => month));
      const days = distinct(dates.map(([, day = 0]) => day));
      if (dates.length === 0 || months.length * days.length !== dates.length) return null;
      return `${field(days, 1, 31)} ${field(months, 1, 12)} *`;
    }
    default:
      return '* * *';
  }
}

/** Ascending values as one field: a star, a step, a range or a list. */
function field(list: number[], min: number, max: number): string {
  const [first = 0, second = 0] = list;
  const last = list.at(-1) ?? 0;
  const isSame = (step: number, from: number, to: number) =>
    list.length === Math.floor((to - from) / step) + 1 &&
    list.every((value, index) => value === from + index * step);
  if (list.length < 3) return list.join(',');
  if (isSame(1, min, max)) return '*';
  if (isSame(second - first, min, max)) return `*/${second - first}`;
  return isSame(1, first, last) ? `${first}-${last}` : list.join(',');
}

/** What a field of cron text holds, or null if it holds more than numbers and names. */
function values(text: string, min: number, max: number, names?: string[]): number[] | null {
  const found: number[] = [];
  for (const item of text.split(',')) {
    const parts = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(item);
    if (!parts) return null;
    const [, first = '', second, step] = parts;
    const from = first === '*' ? min : numberOf(first, names);
    const to = first === '*' ? max : second ? numberOf(second, names) : from;
    if (!(from >= min && to <= max && from <= to)) return null;
    // A step needs a range to go through.
    if (step !== undefined && first !== '*' && !second) return null;
    for (let value = from; value <= to; value += Math.max(1, Number(step ?? 1))) found.push(value);
  }
  return distinct(found);
}

function numberOf(text: string, names?: string[]): number {
  const place = names?.indexOf(text.toLowerCase()) ?? -1;
  return place >= 0 ? place : /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

function minutesOf(text: string): number | null {
  const parts = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return parts ? Number(parts[1]) * 60 + Number(parts[2]) : null;
}

function clock(minutes: number): string {
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function distinct(list: readonly number[]): number[] {
  return [...new Set(list)].toSorted((a, b) => a - b);
}
