import { cleanup, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Schemas } from '@/api/client';
import { PreferencesProvider } from '@/ui/preferences';
import { serve, show } from '@/testing';
import { DirtyRows } from './DirtyRows';

vi.mock('@/areas/frame/project', () => ({ useMay: () => true }));

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** So many dirty rows, all of them the same. */
const dirty = (count: number) => ({
  reasons: [{ reason: 'no number', rowCount: count }],
  rows: Array.from({ length: count }, () => ({
    reason: 'no number',
    column: 'year',
    row: { year: 'x' },
    time: '2026-01-01T00:00:00Z',
  })),
  hasMore: false,
});

// Of a run, only what is looked at here.
const running = { id: 'r', rowsDirty: 1, endedAt: null } as Schemas['RunDetail'];

const rows = () => screen.findAllByRole('button', { name: 'Whole row' });

it('shows rows that are the same one by one, and those that come during the run', async () => {
  const complaints = vi.spyOn(console, 'error');
  let count = 2;
  serve({ '/dirty-rows': () => dirty(count) });
  show(
    <PreferencesProvider>
      <DirtyRows project="p" run={running} />
    </PreferencesProvider>,
  );
  expect(await rows()).toHaveLength(2);
  count = 3;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await rows()).toHaveLength(3);
  expect(complaints).not.toHaveBeenCalled();
});
