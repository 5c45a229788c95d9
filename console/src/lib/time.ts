/** Times in the zone that the reader has chosen. */

/** The zone of this browser. */
export function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Every zone that this browser knows. */
export const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone')];

/** `2026-11-23 08:15:00` in a zone. */
export function moment(iso: string, zone: string): string {
  return clockOf(zone).format(new Date(iso));
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** To make one takes long, and a log shows many times. */
function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known) return known;
  const clock = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  clocks.set(zone, clock);
  return clock;
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** `5 minutes ago`, or `in 2 hours`. */
export function relative(iso: string, now: number, language: string): string {
  const seconds = (new Date(iso).getTime() - now) / 1_000;
  const [unit, size] = STEPS.find(([, least]) => Math.abs(seconds) >= least) ?? ['second', 1];
  const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  return words.format(Math.trunc(seconds / size), unit);
}

/** The instant at which clocks of a zone show a time, `2026-11-23T08:15:00`; in a gap, the one an hour off. */
export function instantOf(wall: string, zone: string): Date {
  const asked = Date.parse(`${wall}Z`);
  let instant = asked;
  // The offset is that of the instant, which is not known yet; the second guess has the right one.
  for (let guess = 0; guess < 2; guess += 1) {
    const shown = Date.parse(`${moment(new Date(instant).toISOString(), zone).replace(' ', 'T')}Z`);
    instant += asked - shown;
  }
  return new Date(instant);
}

/** The date in a zone, `2026-11-23`, so many days from now. */
export function dateIn(zone: string, days = 0, now = Date.now()): string {
  const today = moment(new Date(now).toISOString(), zone).slice(0, 10);
  const date = new Date(`${today}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}
