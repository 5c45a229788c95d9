import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, expect, it } from 'vitest';
import { useOpener } from './useOpener';

afterEach(cleanup);

function Dialog({ onClose }: { onClose: () => void }) {
  useOpener();
  return (
    <button type="button" autoFocus onClick={onClose}>
      Close
    </button>
  );
}

/** A page with a row that opens a dialog; with `isGone` the row goes with it. */
function Page({ isGone }: { isGone: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const [isThere, setThere] = useState(true);
  const close = () => {
    setOpen(false);
    setThere(!isGone);
  };
  return (
    <>
      <h1 tabIndex={-1}>Rows</h1>
      {isThere ? (
        <button type="button" onClick={() => setOpen(true)}>
          Open
        </button>
      ) : null}
      {isOpen ? <Dialog onClose={close} /> : null}
    </>
  );
}

async function openAndClose() {
  const user = userEvent.setup();
  await user.click(screen.getByRole('button', { name: 'Open' }));
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Close' }));
  await user.keyboard('{Enter}');
}

it('gives the focus back to what opened a dialog', async () => {
  render(<Page isGone={false} />);
  await openAndClose();
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Open' }));
});

it('gives it to the heading when that is gone', async () => {
  render(<Page isGone />);
  await openAndClose();
  expect(document.activeElement).toBe(screen.getByRole('heading'));
});
