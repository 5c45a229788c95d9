import { memo } from 'react';
import type { Pair } from '@/lib/mapping';

interface Props {
  pairs: readonly Pair[];
  /** Lines whose values may not fit. */
  doubtful: ReadonlySet<string>;
  leftOf: ReadonlyMap<string, number>;
  rightOf: ReadonlyMap<string, number>;
  /** The rows that are near; lines that pass by none of them are not drawn. */
  first: number;
  end: number;
  rowHeight: number;
  width: number;
  height: number;
  onUnlink: (target: string) => void;
}

/**
 * The lines between both lists. The keyboard and screen readers find them as what fills each target field. The one
 * under the pointer is marked by the style sheet alone, since there may be a thousand of them.
 */
export const MappingLines = memo(function MappingLines(props: Props) {
  const { pairs, doubtful, leftOf, rightOf, rowHeight, width, height, onUnlink } = props;
  const isNear = (from: number, to: number) =>
    Math.max(from, to) >= props.first && Math.min(from, to) < props.end;
  const y = (index: number) => index * rowHeight + rowHeight / 2;
  return (
    <svg width={width} height={height} aria-hidden>
      {pairs.map((pair) => {
        const from = leftOf.get(pair.source);
        const to = rightOf.get(pair.target);
        if (from === undefined || to === undefined || !isNear(from, to)) return null;
        const middle = width / 2;
        const path = `M0,${y(from)} C${middle},${y(from)} ${middle},${y(to)} ${width},${y(to)}`;
        return (
          <g key={pair.target} data-line={pair.target} onClick={() => onUnlink(pair.target)}>
            <path d={path} className="line-area" />
            <path d={path} className={doubtful.has(pair.target) ? 'line doubtful' : 'line'} />
            <text x={width - 18} y={y(to) + 5}>
              ✕
            </text>
          </g>
        );
      })}
    </svg>
  );
});
