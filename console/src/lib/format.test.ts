import { describe, expect, it } from 'vitest';
import { bytes, count, duration, percent } from './format';
import { isWithin, keysOf, pointerOf } from './pointer';
import { moment, relative } from './time';

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
