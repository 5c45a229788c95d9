import { describe, expect, it } from 'vitest';
import { CYCLE_KINDS, cronOf, cycleOf, ofKind, type Cycle } from './cycle';

const PAIRS: [Cycle, string | null][] = [
  [{ kind: 'minute', every: 1 }, '* * * * *'],
  [{ kind: 'minute', every: 15 }, '*/15 * * * *'],
  [{ kind: 'minute', every: 30, from: '08:00', to: '17:30' }, '0,30 8-17 * * *'],
  // The steps of one hour are not those of the next, or the last hour is cut off.
  [{ kind: 'minute', every: 7 }, null],
  [{ kind: 'minute', every: 30, from: '08:00', to: '17:00' }, null],
  [{ kind: 'hour', every: 6, from: '00:20' }, '20 */6 * * *'],
  [{ kind: 'hours', hours: [9, 3] }, '0 3,9 * * *'],
  [{ kind: 'day', at: '00:15' }, '15 0 * * *'],
  [{ kind: 'day', at: 'soon' }, null],
  [{ kind: 'week', days: ['sunday', 'monday'], at: '02:00' }, '0 2 * * 0,1'],
  [{ kind: 'week', days: [], at: '02:00' }, null],
  [{ kind: 'month', days: [1], lastDay: true, at: '02:00' }, '0 2 1,L * *'],
  [{ kind: 'year', dates: ['03-31', '12-31'], at: '02:00' }, '0 2 31 3,12 *'],
  [{ kind: 'year', dates: ['03-31', '12-01'], at: '02:00' }, null],
  [{ kind: 'cron', text: ' 0 2 * * mon ' }, '0 2 * * mon'],
];

describe('cronOf', () => {
  it.each(PAIRS)('%j is %s', (cycle, text) => {
    expect(cronOf(cycle)).toBe(text);
  });
});

describe('cycleOf', () => {
  const texts: [string, Cycle][] = [
    ['15 0 * * *', { kind: 'day', at: '00:15' }],
    ['0 15 0 * * *', { kind: 'day', at: '00:15' }],
    ['0 3,9 * * *', { kind: 'hours', hours: [3, 9], minute: 0 }],
    ['20 */6 * * *', { kind: 'hour', every: 6, from: '00:20', to: '23:59' }],
    ['*/15 8-17 * * *', { kind: 'minute', every: 15, from: '08:00', to: '17:59' }],
    ['0 2 * * MON-FRI', week('monday', 'tuesday', 'wednesday', 'thursday', 'friday')],
    ['0 2 * * 7', week('sunday')],
    ['0 2 1,L * *', { kind: 'month', days: [1], lastDay: true, at: '02:00' }],
    ['0 2 31 3,12 *', { kind: 'year', dates: ['03-31', '12-31'], at: '02:00' }],
  ];
  it.each(texts)('%s is built', (text, cycle) => {
    expect(cycleOf(text)).toEqual(cycle);
  });
  const others = ['*/7 * * * *', '0 2 15W * *', '0 2 * * 5#2', '5/10 0 * * *', '30 0 2 * * *', 'x'];
  it.each([...others, '0 2 13 * FRI', '0 2 L 2 *'])('%s stays cron text', (text) => {
    expect(cycleOf(text)).toEqual({ kind: 'cron', text });
  });
  it('comes back from cron text as what it was', () => {
    for (const [cycle, text] of PAIRS) {
      if (text !== null && cycle.kind !== 'cron') expect(cronOf(cycleOf(text))).toBe(text);
    }
  });
});

describe('ofKind', () => {
  it('keeps the time of day', () => {
    const at = { kind: 'day', at: '03:30' } as const;
    expect(ofKind(at, 'week')).toEqual({ kind: 'week', days: ['monday'], at: '03:30' });
    expect(ofKind(at, 'hours')).toEqual({ kind: 'hours', hours: [3], minute: 30 });
    expect(ofKind(at, 'cron')).toEqual({ kind: 'cron', text: '30 3 * * *' });
  });
  it('makes cycles that cron text can say', () => {
    for (const kind of CYCLE_KINDS) {
      expect(cronOf(ofKind({ kind: 'day', at: '00:00' }, kind))).not.toBeNull();
    }
  });
});

function week(...days: Extract<Cycle, { kind: 'week' }>['days']): Cycle {
  return { kind: 'week', days, at: '02:00' };
}
