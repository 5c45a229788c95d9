import { cleanup, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { serve, show } from '@/testing';
import { DeleteDialog } from './DeleteDialog';

vi.mock('@tanstack/react-router', () => ({
  Link: ({ to, children }: { to: string; children: ReactNode }) => <a href={to}>{children}</a>,
}));

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

it('leads to the editor of each job that uses the data source', async () => {
  serve({
    '/users': () => ({ items: [{ jobId: 'j', jobName: 'nightly' }] }),
    '/jobs/{job}': () => ({ draft: { mode: 'script' } }),
  });
  show(<DeleteDialog project="p" item={{ id: 'd', name: 'orders' }} onClose={() => undefined} />);
  const link = await screen.findByRole('link', { name: 'nightly' });
  await vi.waitFor(() => {
    expect(link).toHaveAttribute('href', expect.stringMatching(/script$/));
  });
});
