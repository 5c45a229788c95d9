import type { ReactNode } from 'react';

interface Props {
  title: ReactNode;
  /** Beside the title: a state, or what the page is part of. */
  beside?: ReactNode;
  actions?: ReactNode;
}

/** The first row of a page; its heading takes the focus when the page is entered. */
export function PageTitle({ title, beside, actions }: Props) {
  return (
    <div className="page-title">
      <h1 tabIndex={-1}>{title}</h1>
      {beside}
      {actions ? <div className="actions">{actions}</div> : null}
    </div>
  );
}
