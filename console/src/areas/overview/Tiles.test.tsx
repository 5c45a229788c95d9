import { cleanup, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { dateIn, localZone } from '@/lib/time';
import { show } from '@/testing';
import { PreferencesProvider } from '@/ui/preferences';
import { Tiles } from './Tiles';

interface LinkProps {
  search: object;
  'aria-label': string;
  children: ReactNode;
}

vi.mock('@tanstack/react-router', () => ({
  Link: ({ search, 'aria-label': label }: LinkProps) => (
    <a href={`?${new URLSearchParams({ ...search })}`} aria-label={label}>
      runs
    </a>
  ),
}));

afterEach(cleanup);

const linkOf = (state: RegExp) => screen.getByRole('link', { name: state });

it('a tile leads to the runs that it counts, not to all there ever were', () => {
  const now = Date.parse('2026-03-02T12:00:00Z');
  show(
    <PreferencesProvider>
      <Tiles project="p" day={{ runs: [], now, isCut: false }}>
        {null}
      </Tiles>
    </PreferencesProvider>,
  );
  const since = dateIn(localZone(), -1, now);
  expect(linkOf(/Failed/)).toHaveAttribute('href', `?state=failed&from=${since}`);
  // What waits has started on no day.
  expect(linkOf(/Queued/)).toHaveAttribute('href', '?state=queued');
});
