import { useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, MouseEvent, PointerEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { shownAs, type Pair } from '@/lib/mapping';
import { MappingLines } from './MappingLines';
import { MappingRow, type RowView } from './MappingRow';

interface Props {
  sources: RowView[];
  targets: RowView[];
  pairs: Pair[];
  /** Lines whose values may not fit. */
  doubtful: ReadonlySet<string>;
  onLink: (pair: Pair) => void;
  onUnlink: (target: string) => void;
  onRemoveSource: (name: string) => void;
}

const ROW_HEIGHT = 36;
const GAP = 200;

/**
 * Two lists with lines between them. A line is drawn by dragging, or by choosing a field on the left and then one
 * on the right: with the pointer, or with Enter.
 */
export function Mapping(props: Props) {
  const { sources, targets, pairs, doubtful } = props;
  const { t } = useTranslation('wizard');
  const [chosen, setChosen] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const middle = useRef<HTMLDivElement>(null);
  const pull = useRef<SVGPathElement>(null);
  const dragged = useRef<string | null>(null);
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

  function act(event: MouseEvent | KeyboardEvent) {
    const name = rowOf(event.target);
    if (name === null) return;
    if (sideOf(event.target) === 'source') {
      if (!isRemoval(event)) setChosen(chosen === name ? null : name);
      else if (sources.some((row) => row.name === name && row.isOwn)) {
        refocus(event.target, true);
        props.onRemoveSource(name);
      }
    } else if (isRemoval(event)) {
      refocus(event.target, false);
      if (partnerOf.has(name)) unlink(name);
    } else if (chosen !== null) {
      connect(chosen, name);
    }
  }

  /** Up and down walk a list, left and right change sides; Delete does what the cross does. */
  function onKey(event: KeyboardEvent<HTMLElement>) {
    const item = event.target instanceof Element ? event.target.closest('li') : null;
    const across = sideOf(event.target) === 'source' ? 'ArrowRight' : 'ArrowLeft';
    const step =
      event.key === 'ArrowDown'
        ? item?.nextElementSibling
        : event.key === 'ArrowUp'
          ? item?.previousElementSibling
          : event.key === across && item
            ? opposite(item)
            : null;
    if (step) {
      event.preventDefault();
      step.querySelector('button')?.focus();
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

  const list = (rows: RowView[], side: 'source' | 'target') =>
    rows.map((row) => {
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
          isChosen={side === 'source' && chosen === row.name}
          isLinked={isLinked}
          partner={partner === undefined ? undefined : shownAs(partner)}
          isRemovable={side === 'source' ? row.isOwn : isLinked}
        />
      );
    });
  return (
    // What is heard here comes from the buttons of the rows, of which there may be thousands.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className="mapping"
      onClick={act}
      onKeyDown={onKey}
      onPointerDown={grab}
      onPointerMove={move}
      onPointerUp={drop}
      onPointerLeave={letGo}
    >
      <ul aria-label={t('sourceFields')}>{list(sources, 'source')}</ul>
      <div ref={middle} className="mapping-lines" style={{ height }}>
        <MappingLines
          pairs={pairs}
          doubtful={doubtful}
          leftOf={leftOf}
          rightOf={rightOf}
          rowHeight={ROW_HEIGHT}
          width={width}
          height={height}
          onUnlink={unlink}
        />
        <svg className="pull" width={width} height={height} aria-hidden>
          <path ref={pull} className="line hot" />
        </svg>
      </div>
      <ul aria-label={t('targetFields')}>{list(targets, 'target')}</ul>
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

function sideOf(element: EventTarget): 'source' | 'target' {
  const isTarget = element instanceof Element && element.closest('.mapping-row.target') !== null;
  return isTarget ? 'target' : 'source';
}

/** The cross goes away with what it removes, so the focus goes on to its row, or to the row beside it. */
function refocus(element: EventTarget, isRowGone: boolean): void {
  const row = element instanceof Element ? element.closest('li') : null;
  const next = isRowGone ? (row?.nextElementSibling ?? row?.previousElementSibling) : row;
  next?.querySelector('button')?.focus();
}

function isRemoval(event: MouseEvent | KeyboardEvent): boolean {
  if ('key' in event) return event.key === 'Delete';
  return event.target instanceof Element && event.target.closest('[data-remove]') !== null;
}

/** The row of the other list at the same height, or its last one. */
function opposite(item: Element): Element | null {
  const index = item.parentElement ? [...item.parentElement.children].indexOf(item) : 0;
  const lists = item.closest('.mapping')?.querySelectorAll(':scope > ul') ?? [];
  const other = [...lists].find((it) => it !== item.parentElement);
  return other?.children[index] ?? other?.lastElementChild ?? null;
}
