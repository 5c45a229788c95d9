import type { ReactNode } from 'react';

interface Props {
  title: ReactNode;
  /** What the browser calls the page, where the title is not plain text. */
  name?: string | undefined;
  /** Beside the title: a state, or what the page is part of. */
  beside?: ReactNode;
  actions?: ReactNode;
}

/** The first row of a page; its heading takes the focus when the page is entered. */
export function PageTitle({ title, name, beside, actions }: Props) {
  return (
    <div className="page-title">
      <title>{`${name ?? (typeof title === 'string' ? title : '')} · Longshore`}</title>
      <h1 tabIndex={-1}>{title}</h1>
      {beside}
      {actions ? <div className="actions">{actions}</div> : null}
    </div>
  );
}
