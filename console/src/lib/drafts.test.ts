import { afterEach, describe, expect, it, vi } from 'vitest';
import { dropDraft, forgetDraft, keepDraft, keptDrafts, newEditor, onOtherTab } from './drafts';

afterEach(() => {
  vi.restoreAllMocks();
  sessionStorage.clear();
  localStorage.clear();
});

/** What an editor types; gives its name. */
function type(name: string, place = 'j1', editor = newEditor()): string {
  keepDraft(place, { editor, version: 3, value: { name } });
  return editor;
}

const openOtherTab = () => sessionStorage.clear();
const tell = (key: string, newValue: string | null) =>
  dispatchEvent(Object.assign(new Event('storage'), { key, newValue }));
const names = (place = 'j1') => keptDrafts(place).map((kept) => kept.value.name);

describe('drafts', () => {
  it('are there after a reload and for the next tab', () => {
    type('orders');
    expect(keptDrafts('j1')).toMatchObject([{ version: 3, value: { name: 'orders' } }]);
    openOtherTab();
    expect(names()).toEqual(['orders']);
  });

  it('of two tabs do not take the place of one another', () => {
    type('first');
    openOtherTab();
    const second = type('second');
    expect(names()).toEqual(['second', 'first']);
    forgetDraft('j1', second);
    expect(names()).toEqual(['first']);
  });

  it('belong to their place alone', () => {
    const editor = type('one');
    type('ten', 'j10', editor);
    forgetDraft('j1', editor);
    expect(names()).toEqual([]);
    expect(names('j10')).toEqual(['ten']);
  });

  it('are dropped only as they were found', () => {
    const now = vi.spyOn(Date, 'now').mockReturnValue(1);
    const first = type('early');
    openOtherTab();
    const [early] = keptDrafts('j1');
    now.mockReturnValue(2);
    type('late', 'j1', first);
    if (early) dropDraft('j1', early);
    expect(names()).toEqual(['late']);
    const [late] = keptDrafts('j1');
    if (late) dropDraft('j1', late);
    expect(names()).toEqual([]);
  });

  it('tell when another tab types', () => {
    const note = vi.fn();
    const stop = onOtherTab('j1', note);
    tell('longshore.draft.j1.other', '{}');
    tell('longshore.draft.j1.other', null);
    tell('longshore.draft.j10.other', '{}');
    expect(note).toHaveBeenCalledTimes(1);
    stop();
  });

  it('are none when they are nonsense', () => {
    localStorage.setItem('longshore.draft.j1.p', '{');
    expect(names()).toEqual([]);
  });
});
