import { afterEach, describe, expect, it } from 'vitest';
import { forgetDraft, keepDraft, keptDraft } from './drafts';

afterEach(() => {
  sessionStorage.clear();
  localStorage.clear();
});

describe('drafts', () => {
  it('are there after a reload and for the next tab', () => {
    keepDraft('j1', 3, { name: 'orders' });
    expect(keptDraft('j1')).toMatchObject({ version: 3, value: { name: 'orders' } });
    sessionStorage.clear();
    expect(keptDraft('j1')).toMatchObject({ version: 3 });
  });
  it("prefer this tab's own", () => {
    keepDraft('j1', 3, { name: 'own' });
    localStorage.setItem('longshore.draft.j1', '{"version":3,"at":1,"value":{"name":"other"}}');
    expect(keptDraft('j1')?.value).toEqual({ name: 'own' });
  });
  it('go when they are forgotten, and nonsense is none', () => {
    keepDraft('j1', 1, {});
    forgetDraft('j1');
    expect(keptDraft('j1')).toBeNull();
    localStorage.setItem('longshore.draft.j1', '{');
    expect(keptDraft('j1')).toBeNull();
  });
});
