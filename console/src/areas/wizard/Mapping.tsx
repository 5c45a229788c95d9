import { CloseOutlined } from '@ant-design/icons';
import { useLayoutEffect, useRef, useState, type PointerEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Pair } from '@/lib/mapping';
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

export const ROW_HEIGHT = 36;
const GAP = 200;

/**
 * Two lists with lines between them. A line is drawn by dragging, or by choosing a field on the left and then one
 * on the right: with the pointer, or with Enter.
 */
export function Mapping(props: Props) {
  const { sources, targets, pairs, doubtful, onLink, onUnlink, onRemoveSource } = props;
  const { t } = useTranslation('wizard');
  const [chosen, setChosen] = useState<string | null>(null);
  const [hot, setHot] = useState<string | null>(null);
  const [dragged, setDragged] = useState<{ source: string; x: number; y: number } | null>(null);
  const [said, setSaid] = useState('');
  const middle = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(GAP);
  useLayoutEffect(() => {
    const box = middle.current;
    if (!box) return undefined;
    const watch = new ResizeObserver(() => setWidth(box.clientWidth));
    watch.observe(box);
    return () => watch.disconnect();
  }, []);

  const leftOf = new Map(sources.map((row, index) => [row.name, index]));
  const rightOf = new Map(targets.map((row, index) => [row.name, index]));
  const partnerOf = new Map(pairs.map((pair) => [pair.target, pair.source]));
  const used = new Set(pairs.map((pair) => pair.source));
  const height = Math.max(sources.length, targets.length) * ROW_HEIGHT;

  function connect(source: string, target: string) {
    onLink({ source, target });
    setChosen(null);
    setSaid(t('linked', { source, target }));
  }

  function drop(event: PointerEvent) {
    if (!dragged) return;
    const under = document.elementFromPoint(event.clientX, event.clientY);
    const target = under?.closest<HTMLElement>('[data-target]')?.dataset.target;
    if (target !== undefined) connect(dragged.source, target);
    setDragged(null);
  }

  const y = (index: number) => index * ROW_HEIGHT + ROW_HEIGHT / 2;
  return (
    <div
      className="mapping"
      onPointerMove={(event) => {
        const box = middle.current?.getBoundingClientRect();
        if (dragged && box) {
          setDragged({ ...dragged, x: event.clientX - box.left, y: event.clientY - box.top });
        }
      }}
      onPointerUp={drop}
      onPointerLeave={() => setDragged(null)}
    >
      <ul aria-label={t('sourceFields')}>
        {sources.map((row) => (
          <MappingRow
            key={row.name}
            row={row}
            side="source"
            isChosen={chosen === row.name}
            isLinked={used.has(row.name)}
            onChoose={() => setChosen(chosen === row.name ? null : row.name)}
            onDragStart={() =>
              setDragged({ source: row.name, x: 0, y: y(leftOf.get(row.name) ?? 0) })
            }
            onRemove={row.isOwn ? () => onRemoveSource(row.name) : undefined}
          />
        ))}
      </ul>
      <div ref={middle} className="mapping-lines" style={{ height }}>
        <svg width={width} height={height} aria-hidden>
          {pairs.map((pair) => {
            const from = leftOf.get(pair.source);
            const to = rightOf.get(pair.target);
            if (from === undefined || to === undefined) return null;
            const path = `M0,${y(from)} C${width / 2},${y(from)} ${width / 2},${y(to)} ${width},${y(to)}`;
            const isHot = hot === pair.target;
            return (
              <g
                key={pair.target}
                onPointerEnter={() => setHot(pair.target)}
                onPointerLeave={() => setHot(null)}
                onClick={() => onUnlink(pair.target)}
              >
                <path d={path} className="line-area" />
                <path
                  d={path}
                  className={`line ${doubtful.has(pair.target) ? 'doubtful' : ''} ${isHot ? 'hot' : ''}`}
                />
              </g>
            );
          })}
          {dragged ? (
            <path
              className="line hot dragged"
              d={`M0,${y(leftOf.get(dragged.source) ?? 0)} L${dragged.x},${dragged.y}`}
            />
          ) : null}
        </svg>
        {hot !== null && rightOf.has(hot) ? (
          <span className="line-end" style={{ top: y(rightOf.get(hot) ?? 0) - 9 }} aria-hidden>
            <CloseOutlined />
          </span>
        ) : null}
      </div>
      <ul aria-label={t('targetFields')}>
        {targets.map((row) => (
          <MappingRow
            key={row.name}
            row={row}
            side="target"
            isChosen={false}
            isLinked={partnerOf.has(row.name)}
            partner={partnerOf.get(row.name)}
            onChoose={() => {
              if (chosen !== null) connect(chosen, row.name);
            }}
            onRemove={
              partnerOf.has(row.name)
                ? () => {
                    onUnlink(row.name);
                    setSaid(t('unlinked', { target: row.name }));
                  }
                : undefined
            }
          />
        ))}
      </ul>
      <div className="visually-hidden" aria-live="polite">
        {said}
      </div>
    </div>
  );
}
