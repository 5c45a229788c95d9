import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useLayoutEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Row } from '@/lib/log';
import { moment } from '@/lib/time';
import { usePreferences } from '@/ui/preferences';

interface Props {
  rows: Row[];
  search: string;
  follows: boolean;
  /** Called near the first or the last row, where more may be read. */
  onTop: () => void;
  onBottom: () => void;
  /** The reader went up, away from what is being written. */
  onLeave: () => void;
}

const ROW = 20;
const NEAR = 40 * ROW;
/** Letters of time and level, before the text. */
const HEAD = 34;

/** A window on the rows of a log: only those in sight are drawn, and the reader's place stays when some are added. */
export function LogLines({ rows, search, follows, onTop, onBottom, onLeave }: Props) {
  const { t } = useTranslation('runs');
  const { zone } = usePreferences();
  const box = useRef<HTMLDivElement>(null);
  // The first row in sight, and how far it is scrolled out; by it the place is found again.
  const place = useRef<{ key: string; rest: number; top: number } | null>(null);
  // The rule warns of a compiler that is not used here.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 15,
  });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (follows) {
      element.scrollTop = rows.length * ROW;
      return;
    }
    const known = place.current;
    const index = known ? rows.findIndex((row) => row.key === known.key) : -1;
    if (known && index >= 0) element.scrollTop = index * ROW + known.rest;
  }, [rows, follows]);

  function note() {
    const element = box.current;
    if (!element) return;
    const { scrollTop: top, clientHeight, scrollHeight } = element;
    const before = place.current?.top ?? top;
    const first = rows[Math.floor(top / ROW)];
    place.current = first ? { key: first.key, rest: top % ROW, top } : null;
    const left = scrollHeight - top - clientHeight;
    if (follows && top < before && left > 2 * ROW) onLeave();
    if (top < NEAR && top < before) onTop();
    if (left < NEAR && top > before) onBottom();
  }
  const longest = useMemo(
    () => rows.reduce((most, row) => Math.max(most, row.text.length), 0),
    [rows],
  );
  return (
    <div
      ref={box}
      className="log code"
      role="log"
      aria-live="off"
      aria-label={t('log')}
      tabIndex={0}
      onScroll={note}
    >
      <div
        style={{
          height: virtual.getTotalSize(),
          position: 'relative',
          minWidth: `${longest + HEAD}ch`,
        }}
      >
        {virtual.getVirtualItems().map(({ key, index, start }) => {
          const row = rows[index];
          return row ? (
            <LogRow
              key={key}
              row={row}
              start={start}
              level={row.line ? t(`levels.${row.level}`) : null}
              time={row.line ? moment(row.line.at, zone) : null}
              search={search}
            />
          ) : null;
        })}
      </div>
    </div>
  );
}

interface RowProps {
  row: Row;
  start: number;
  level: string | null;
  time: string | null;
  search: string;
}

/** A row stays as it is while others come into sight. */
const LogRow = memo(({ row, start, level, time, search }: RowProps) => (
  <div className={`log-line ${row.level}`} style={{ transform: `translateY(${start}px)` }}>
    <span className="log-time">{time}</span>
    <span className="log-level">{level}</span>
    <span className="log-text">
      <Marked text={row.text} search={search} />
    </span>
  </div>
));

/** A text in which what is searched for stands out. */
function Marked({ text, search }: { text: string; search: string }) {
  const at = search === '' ? -1 : text.toLowerCase().indexOf(search.toLowerCase());
  if (at < 0) return text;
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + search.length)}</mark>
      {text.slice(at + search.length)}
    </>
  );
}
