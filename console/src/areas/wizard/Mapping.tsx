import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { FocusEvent, KeyboardEvent, MouseEvent, PointerEvent } from 'react';
import { flushSync } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { shownAs, type Pair } from '@/lib/mapping';
import { useRowsNear } from '@/ui/useRowsNear';
import { MappingLines } from './MappingLines';
import { MappingRow, type RowView } from './MappingRow';

interface Props {
  sources: RowView[];
  targets: RowView[];
  pairs: Pair[];
  /** Lines whose values may not fit. */
  doubtful: ReadonlySet<string>;
  /** The field of the target that somebody has come for. */
  aim?: string | null;
  onLink: (pair: Pair) => void;
  onUnlink: (target: string) => void;
  onRemoveSource: (name: string) => void;
}

type Side = 'source' | 'target';

const ROW_HEIGHT = 36;
const GAP = 200;

/**
 * Two lists with lines between them. A line is drawn by dragging, or by choosing a field on the left and then one
 * on the right: with the pointer, or with Enter. Of thousands of rows only those near the part that is seen are
 * there, and of each list the one that has or had the focus; Tab stops at that one.
 */
export function Mapping(props: Props) {
  const { sources, targets, pairs, doubtful } = props;
  const rows = { source: sources, target: targets };
  const { t } = useTranslation('wizard');
  const [chosen, setChosen] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const [stops, setStops] = useState<Partial<Record<Side, string>>>({});
  const middle = useRef<HTMLDivElement>(null);
  const pull = useRef<SVGPathElement>(null);
  const dragged = useRef<string | null>(null);
  const near = useRowsNear(middle, ROW_HEIGHT);
  const [width, setWidth] = useState(GAP);
  useLayoutEffect(() => {
    const box = middle.current;
    if (!box) return undefined;
    const watch = new ResizeObserver(() => setWidth(box.clientWidth));
    watch.observe(box);
    return () => watch.disconnect();
  }, []);

  const leftOf = useMemo(() => indexOf(sources), [sources]);
  const rightOf = useMemo(() => indexOf(targets), [targets]);
  const placeOf = { source: leftOf, target: rightOf };
  const partnerOf = new Map(pairs.map((pair) => [pair.target, pair.source]));
  const used = new Set(pairs.map((pair) => pair.source));
  const height = Math.max(sources.length, targets.length) * ROW_HEIGHT;
  const latest = useRef(props);
  useLayoutEffect(() => {
    latest.current = props;
  });
  const unlink = useCallback(
    (target: string) => {
      latest.current.onUnlink(target);
      setSaid(t('unlinked', { target }));
    },
    [t],
  );

  function connect(source: string, target: string) {
    props.onLink({ source, target });
    setChosen(null);
    setSaid(t('linked', { source: shownAs(source), target }));
  }

  /** A row that is far away is drawn before it takes the focus. */
  function focusRow(side: Side, index: number) {
    const row = rows[side][index];
    if (!row) return;
    flushSync(() => setStops({ ...stops, [side]: row.name }));
    const place = `.mapping-row.${side}[aria-posinset="${index + 1}"] button`;
    middle.current?.parentElement?.querySelector<HTMLElement>(place)?.focus();
  }

  const aimed = useRef<string | null>(null);
  useEffect(() => {
    const { aim = null } = props;
    if (aim === aimed.current) return;
    aimed.current = aim;
    const index = aim === null ? undefined : rightOf.get(aim);
    // A row can only be drawn once this drawing is over.
    if (index !== undefined) queueMicrotask(() => focusRow('target', index));
  });

  function noteFocus({ target }: FocusEvent) {
    const [side, name] = [sideOf(target), rowOf(target)];
    if (name !== null && stops[side] !== name) setStops({ ...stops, [side]: name });
  }

  /** What is removed takes its cross with it, so the focus goes on to its row, or to the row beside it. */
  function act(event: MouseEvent | KeyboardEvent) {
    const name = rowOf(event.target);
    if (name === null) return;
    const side = sideOf(event.target);
    const index = placeOf[side].get(name) ?? 0;
    if (side === 'source') {
      if (!isRemoval(event)) setChosen(chosen === name ? null : name);
      else if (sources[index]?.isOwn) {
        focusRow(side, index + 1 < sources.length ? index + 1 : index - 1);
        props.onRemoveSource(name);
      }
    } else if (isRemoval(event)) {
      focusRow(side, index);
      if (partnerOf.has(name)) unlink(name);
    } else if (chosen !== null) {
      connect(chosen, name);
    }
  }

  /** Arrows, Home and End walk a list, left and right change sides; Delete does what the cross does. */
  function onKey(event: KeyboardEvent<HTMLElement>) {
    const name = rowOf(event.target);
    if (name === null) return;
    const side = sideOf(event.target);
    const index = placeOf[side].get(name) ?? 0;
    const last = rows[side].length - 1;
    const walk = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: last }[event.key];
    const other = side === 'source' ? 'target' : 'source';
    if (walk !== undefined) {
      event.preventDefault();
      focusRow(side, walk);
    } else if (event.key === (side === 'source' ? 'ArrowRight' : 'ArrowLeft')) {
      event.preventDefault();
      focusRow(other, Math.min(index, rows[other].length - 1));
    } else if (event.key === 'Delete') {
      act(event);
    } else if (event.key === 'Escape') {
      setChosen(null);
    }
  }

  function grab(event: PointerEvent<HTMLElement>) {
    const name = rowOf(event.target);
    const isCross = event.target instanceof Element && event.target.closest('[data-remove]');
    const isSource = sideOf(event.target) === 'source';
    if (name === null || !isSource || isCross || event.button !== 0) return;
    // The pointer must reach what lies under it when it is let go.
    if (event.target instanceof Element && event.target.hasPointerCapture(event.pointerId)) {
      event.target.releasePointerCapture(event.pointerId);
    }
    dragged.current = name;
  }

  // A line that is pulled is moved without drawing anything else anew.
  function move(event: PointerEvent) {
    const box = middle.current?.getBoundingClientRect();
    const from = dragged.current === null ? undefined : leftOf.get(dragged.current);
    if (!box || from === undefined) return;
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    pull.current?.setAttribute('d', `M0,${from * ROW_HEIGHT + ROW_HEIGHT / 2} L${x},${y}`);
  }

  function drop(event: PointerEvent) {
    const source = dragged.current;
    letGo();
    if (source === null) return;
    const under = document.elementFromPoint(event.clientX, event.clientY);
    const target = under?.closest('.mapping-row.target') ? rowOf(under) : null;
    if (target !== null) connect(source, target);
  }

  function letGo() {
    dragged.current = null;
    pull.current?.setAttribute('d', '');
  }

  const list = (side: Side) => {
    const stop = placeOf[side].get(stops[side] ?? '') ?? 0;
    const isThere = (index: number) => index === stop || (index >= near.first && index < near.end);
    return (
      <ul
        aria-label={t(side === 'source' ? 'sourceFields' : 'targetFields')}
        style={{ height: rows[side].length * ROW_HEIGHT + 1 }}
      >
        {rows[side].map((row, index) => {
          if (!isThere(index)) return null;
          const partner = side === 'target' ? partnerOf.get(row.name) : undefined;
          const isLinked = side === 'source' ? used.has(row.name) : partner !== undefined;
          return (
            <MappingRow
              key={row.name}
              t={t}
              name={row.name}
              label={row.label}
              type={row.type}
              tags={row.tags.join('\n')}
              isWrong={row.isWrong}
              side={side}
              index={index}
              count={rows[side].length}
              top={index * ROW_HEIGHT}
              isStop={index === stop}
              isChosen={side === 'source' && chosen === row.name}
              isLinked={isLinked}
              partner={partner === undefined ? undefined : shownAs(partner)}
              isRemovable={side === 'source' ? row.isOwn : isLinked}
            />
          );
        })}
      </ul>
    );
  };
  return (
    // What is heard here comes from the buttons of the rows, of which there may be thousands.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className="mapping"
      onClick={act}
      onKeyDown={onKey}
      onFocus={noteFocus}
      onPointerDown={grab}
      onPointerMove={move}
      onPointerUp={drop}
      onPointerLeave={letGo}
    >
      {list('source')}
      <div ref={middle} className="mapping-lines" style={{ height }}>
        <MappingLines
          pairs={pairs}
          doubtful={doubtful}
          leftOf={leftOf}
          rightOf={rightOf}
          first={near.first}
          end={near.end}
          rowHeight={ROW_HEIGHT}
          width={width}
          height={height}
          onUnlink={unlink}
        />
        <svg className="pull" width={width} height={height} aria-hidden>
          <path ref={pull} className="line hot" />
        </svg>
      </div>
      {list('target')}
      <div className="visually-hidden" aria-live="polite">
        {chosen === null ? said : t('chosen', { source: shownAs(chosen) })}
      </div>
    </div>
  );
}

function indexOf(rows: readonly RowView[]): Map<string, number> {
  return new Map(rows.map((row, index) => [row.name, index]));
}

function rowOf(element: EventTarget | Element | null | undefined): string | null {
  if (!(element instanceof Element)) return null;
  return element.closest<HTMLElement>('[data-row]')?.dataset.row ?? null;
}

function sideOf(element: EventTarget): Side {
  const isTarget = element instanceof Element && element.closest('.mapping-row.target') !== null;
  return isTarget ? 'target' : 'source';
}

function isRemoval(event: MouseEvent | KeyboardEvent): boolean {
  if ('key' in event) return event.key === 'Delete';
  return event.target instanceof Element && event.target.closest('[data-remove]') !== null;
}
