import { describe, expect, it } from 'vitest';
import { bytes, count, duration, percent } from './format';
import { isWithin, keysOf, pointerOf } from './pointer';
import { dateIn, instantOf, moment, relative } from './time';

describe('figures', () => {
  it('have thousands, units and words', () => {
    expect(count(1234567)).toBe('1,234,567');
    expect([0, 1023, 1024, 1536, 12_345_678, 5e12].map(bytes)).toEqual([
      '0 B',
      '1023 B',
      '1.00 KiB',
      '1.50 KiB',
      '11.8 MiB',
      '4.55 TiB',
    ]);
    expect([0.04, 9.94, 61, 1182, 90_061].map(duration)).toEqual([
      '0.0 s',
      '9.9 s',
      '1 m 1 s',
      '19 m 42 s',
      '1 d 1 h',
    ]);
  });
  it('say 100 % only when all is done', () => {
    expect([0, 0.999, 1].map(percent)).toEqual(['0 %', '99 %', '100 %']);
  });
});

const at = (wall: string, zone: string) => instantOf(wall, zone).toISOString();

describe('times', () => {
  it('are shown in the chosen zone', () => {
    expect(moment('2026-03-01T00:30:00Z', 'Asia/Shanghai')).toBe('2026-03-01 08:30:00');
    expect(moment('2026-03-01T00:30:00Z', 'UTC')).toBe('2026-03-01 00:30:00');
  });
  it('are told from now', () => {
    const now = Date.parse('2026-03-01T12:00:00Z');
    expect(relative('2026-03-01T11:55:00Z', now, 'en')).toBe('5 minutes ago');
    expect(relative('2026-03-01T14:00:00Z', now, 'en')).toBe('in 2 hours');
  });
  it('are found by what clocks show', () => {
    expect(at('2026-03-01T08:30:00', 'Asia/Shanghai')).toBe('2026-03-01T00:30:00.000Z');
    expect(at('2026-07-01T00:00:00', 'Europe/Berlin')).toBe('2026-06-30T22:00:00.000Z');
    expect(at('2026-01-01T00:00:00', 'America/New_York')).toBe('2026-01-01T05:00:00.000Z');
  });
  it('have a date that depends on the zone', () => {
    const now = Date.parse('2026-03-01T23:00:00Z');
    expect(dateIn('Asia/Shanghai', 0, now)).toBe('2026-03-02');
    expect(dateIn('UTC', -1, now)).toBe('2026-02-28');
  });
});

describe('pointers', () => {
  it('escape what RFC 6901 escapes', () => {
    expect(keysOf('/a~1b/m~0n/0')).toEqual(['a/b', 'm~n', '0']);
    expect(pointerOf(['a/b', 'm~n', 0])).toBe('/a~1b/m~0n/0');
    expect(keysOf('')).toEqual([]);
  });
  it('lie in one another by whole keys', () => {
    expect(isWithin('/a/b', '/a')).toBe(true);
    expect(isWithin('/ab', '/a')).toBe(false);
  });
});
