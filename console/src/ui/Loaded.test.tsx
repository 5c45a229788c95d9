import { cleanup, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { show } from '@/testing';
import { Loaded } from './Loaded';

afterEach(cleanup);

const error = { message: 'the store is away', hint: 'wait a moment', requestId: 'r-1' };
const reading = {
  data: undefined,
  isPlaceholderData: false,
  error: null,
  refetch: () => undefined,
};

it('tells what went wrong, the way out and the request, and asks once more', async () => {
  const refetch = vi.fn();
  show(<Loaded reading={{ ...reading, error, refetch }}>{() => 'shown'}</Loaded>);
  const alert = screen.getByRole('alert');
  for (const text of Object.values(error)) expect(alert).toHaveTextContent(text);
  await userEvent.click(screen.getByRole('button', { name: 'Retry' }));
  expect(refetch).toHaveBeenCalledTimes(1);
});

it('shows what is there, though a later question has failed', () => {
  show(<Loaded reading={{ ...reading, data: 'rows', error }}>{(data) => <p>{data}</p>}</Loaded>);
  expect(screen.getByText('rows')).toBeVisible();
  expect(screen.queryByRole('alert')).toBeNull();
});

it('never shows the answer to another question', () => {
  const old = { ...reading, data: 'old', isPlaceholderData: true };
  show(<Loaded reading={old}>{(data) => <p>{data}</p>}</Loaded>);
  expect(screen.queryByText('old')).toBeNull();
});
