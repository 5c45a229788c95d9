import { describe, expect, it } from 'vitest';
import { newRule, ruleOf, withExpression } from './rule';

describe('a rule', () => {
  it('has the usual choices where nothing is stored', () => {
    const rule = ruleOf({ cycle: { kind: 'day', at: '02:00' }, zone: 'UTC', rerun: { times: 3 } });
    expect(rule).toEqual({
      ...newRule('UTC'),
      rerun: { policy: 'always', times: 3, delayMinutes: 2 },
    });
  });
});

describe('expressions', () => {
  it('that the job has already are left to it', () => {
    const declared = { day: '$bizdate' };
    expect(withExpression({ day: '$x' }, declared, 'day', '$bizdate')).toEqual({});
    expect(withExpression({}, declared, 'day', '$cyctime')).toEqual({ day: '$cyctime' });
    expect(withExpression({ own: '1' }, declared, 'own', undefined)).toEqual({});
  });
});
