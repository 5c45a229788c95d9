import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, renderHook } from '@testing-library/react';
import { App } from 'antd';
import type { ReactNode } from 'react';
import { afterEach, expect, it } from 'vitest';
import { readDetails, useJobEditing, type SavedJob } from './jobs';

afterEach(() => {
  cleanup();
  sessionStorage.clear();
  localStorage.clear();
});

const queries = new QueryClient();
const wrapper = ({ children }: { children: ReactNode }) => (
  <QueryClientProvider client={queries}>
    <App>{children}</App>
  </QueryClientProvider>
);

const saved = (version: number): SavedJob => ({
  id: 'j1',
  version,
  revision: String(version),
  at: '2026-01-01T00:00:00Z',
  publishedVersion: null,
});

/** Opens the editor of a job whose latest version is this one. */
function open(version: number) {
  const initial = { name: `saved ${version}`, folder: '', description: '', variables: {} };
  const { result } = renderHook(
    () =>
      useJobEditing({
        project: 'p',
        mode: 'script',
        given: saved(version),
        initial,
        write: () => '',
        read: readDetails,
        onSaved: () => undefined,
      }),
    { wrapper },
  );
  return {
    get name() {
      return result.current.draft.name;
    },
    get notices() {
      return result.current.notices;
    },
    type: (name: string) => act(() => result.current.change((draft) => ({ ...draft, name }))),
    act: (what: 'onTakeOlder' | 'onDropOlder' | 'onDiscard') =>
      act(() => result.current.notices[what]()),
    /** As when the page is loaded anew. */
    leave: cleanup,
  };
}

it('finds what was typed after a reload, and the next tab does', () => {
  const first = open(1);
  first.type('typed');
  first.leave();
  expect(open(1).name).toBe('typed');
  sessionStorage.clear();
  expect(open(1).name).toBe('typed');
});

it('keeps what began from an older version until somebody has decided, whatever is typed meanwhile', () => {
  const before = open(1);
  before.type('old work');
  before.leave();
  const now = open(2);
  expect(now.name).toBe('saved 2');
  expect(now.notices.olderAt).not.toBeNull();
  now.type('new work');
  now.leave();

  const again = open(2);
  expect(again.name).toBe('new work');
  expect(again.notices.olderAt).not.toBeNull();
  again.act('onDropOlder');
  again.leave();

  const last = open(2);
  expect(last.name).toBe('new work');
  expect(last.notices.olderAt).toBeNull();
});

it('shows what began from an older version when it is asked to', () => {
  const before = open(1);
  before.type('old work');
  before.leave();
  const now = open(2);
  now.act('onTakeOlder');
  expect(now.name).toBe('old work');
  now.leave();
  const again = open(2);
  expect(again.name).toBe('old work');
  expect(again.notices.olderAt).toBeNull();
});

it('leaves as it is what another tab has typed', () => {
  const openTab = () => {
    sessionStorage.clear();
    return open(1);
  };
  open(1).type('first tab');
  const second = openTab();
  second.type('second tab');
  second.leave();
  const third = openTab();
  expect(third.name).toBe('second tab');
  third.act('onDiscard');
  third.leave();
  expect(openTab().name).toBe('first tab');
});
