import type { ReactNode } from 'react';

/** A figure with its name. */
export function Tile({ title, value }: { title: string; value: ReactNode }) {
  return (
    <div className="tile" role="group" aria-label={title}>
      <div className="tile-title">{title}</div>
      <div className="tile-value">{value}</div>
    </div>
  );
}
