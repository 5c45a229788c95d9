import { cleanup, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { show } from '@/testing';
import { Broken } from './Broken';

const invalidate = vi.fn();

vi.mock('@tanstack/react-router', () => ({ useRouter: () => ({ invalidate }) }));

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

it('asks for a reload where the server has a newer console', async () => {
  const reload = vi.spyOn(location, 'reload').mockImplementation(() => undefined);
  const error = new TypeError('Failed to fetch dynamically imported module: /assets/Runs-1.js');
  show(<Broken error={error} reset={() => undefined} />);
  expect(screen.getByRole('heading')).toHaveTextContent('A new version of the console is ready');
  await userEvent.click(screen.getByRole('button', { name: 'Reload' }));
  expect(reload).toHaveBeenCalledTimes(1);
});

it('tells of a fault of the page, and tries once more', async () => {
  const reset = vi.fn();
  show(<Broken error={new Error('x is undefined')} reset={reset} />);
  expect(screen.getByRole('alert')).toHaveTextContent('x is undefined');
  await userEvent.click(screen.getByRole('button', { name: 'Retry' }));
  expect(reset).toHaveBeenCalledTimes(1);
  expect(invalidate).toHaveBeenCalledTimes(1);
});
