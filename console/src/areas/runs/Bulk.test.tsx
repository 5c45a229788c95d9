import { cleanup, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { show } from '@/testing';
import { Bulk } from './Bulk';
import type { Run } from './operate';

vi.mock('@/areas/frame/project', () => ({
  useProject: () => ({ data: { rights: ['runsStop'] } }),
}));

afterEach(cleanup);

// Of a run, only what the bar looks at.
const run = (id: string) => ({ id, state: 'running', kind: 'manual' }) as Run;

function List() {
  const [about, setAbout] = useState('first filter');
  return (
    <>
      <button onClick={() => setAbout('second filter')}>filter</button>
      <Bulk
        project="p"
        chosen={[run('a')]}
        about={about}
        readAll={async () => [run('a'), run('b'), run('c')]}
        onClear={() => undefined}
      />
    </>
  );
}

it('forgets all that matched a filter when another one is set', async () => {
  show(<List />);
  await userEvent.click(screen.getByRole('button', { name: /^Choose all/ }));
  expect(await screen.findByText(/\b3\b/)).toBeVisible();
  await userEvent.click(screen.getByRole('button', { name: 'filter' }));
  expect(screen.getByRole('status')).toHaveTextContent(/\b1\b/);
  await userEvent.click(screen.getByRole('button', { name: 'Stop' }));
  expect(await screen.findByRole('dialog')).toHaveTextContent(/\b1\b/);
});
