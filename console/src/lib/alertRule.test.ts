import { describe, expect, it } from 'vitest';
import { draftOf, emptyRule, formOf } from './alertRule';

describe('an alert rule', () => {
  it('is the same after it was opened and sent back', () => {
    const rule = {
      name: 'nights',
      object: { kind: 'jobs' as const, jobs: ['a', 'b'] },
      triggers: [
        { kind: 'failed' as const },
        { kind: 'late' as const, by: '26:30' },
        { kind: 'lateCycles' as const, cycles: [{ number: 2, by: '02:30' }] },
        { kind: 'overtime' as const, minutes: 90 },
        { kind: 'dirtyOver' as const, rows: 7 },
      ],
      channels: ['c'],
      groupMinutes: 15,
      leastMinutes: 30,
      mostADay: 5,
      quietHours: { from: '22:00', to: '07:00', zone: 'Asia/Shanghai', then: 'drop' as const },
    };
    expect(formOf(draftOf(rule, 'UTC'))).toEqual(rule);
  });

  it('of data sources tells of nothing else', () => {
    const draft = { ...emptyRule('UTC'), watch: 'datasources' as const, datasources: ['d'] };
    expect(formOf(draft).triggers).toEqual([{ kind: 'sourceDown', everyMinutes: 10 }]);
    const back = draftOf(formOf({ ...draft, everyMinutes: 3 }), 'UTC');
    expect([back.watch, back.everyMinutes]).toEqual(['datasources', 3]);
  });

  it('that is not quiet sends no hours', () => {
    expect(formOf(emptyRule('UTC')).quietHours).toBeNull();
  });
});
