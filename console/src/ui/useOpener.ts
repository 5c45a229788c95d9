import { useEffect, useState } from 'react';

/**
 * What gives the focus back to where it is now. A menu is gone by then, so what opened the menu takes it; and when
 * that is gone too, such as the row that was deleted, the heading of the page does.
 */
export function openerNow(): () => void {
  const active = document.activeElement;
  const opener = active?.closest('[role="menu"]')
    ? (document.querySelector('.ant-dropdown-open') ?? active)
    : active;
  return () => {
    const home = opener?.isConnected ? opener : document.querySelector('h1');
    if (home instanceof HTMLElement) home.focus({ preventScroll: true });
  };
}

/** Gives the focus back to what had it before, once what was opened is gone. */
export function useOpener(): void {
  const [giveBack] = useState(openerNow);
  useEffect(() => giveBack, [giveBack]);
}
