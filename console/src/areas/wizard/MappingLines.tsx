import { CloseOutlined } from '@ant-design/icons';
import { memo, useState } from 'react';
import type { Pair } from '@/lib/mapping';

interface Props {
  pairs: readonly Pair[];
  /** Lines whose values may not fit. */
  doubtful: ReadonlySet<string>;
  leftOf: ReadonlyMap<string, number>;
  rightOf: ReadonlyMap<string, number>;
  rowHeight: number;
  width: number;
  height: number;
  onUnlink: (target: string) => void;
}

/** The lines between both lists. The keyboard and screen readers find them as what fills each target field. */
export const MappingLines = memo(function MappingLines(props: Props) {
  const { pairs, doubtful, leftOf, rightOf, rowHeight, width, height, onUnlink } = props;
  const [hot, setHot] = useState<string | null>(null);
  const y = (index: number) => index * rowHeight + rowHeight / 2;
  const end = hot === null ? undefined : rightOf.get(hot);
  return (
    <>
      <svg width={width} height={height} aria-hidden>
        {pairs.map((pair) => {
          const from = leftOf.get(pair.source);
          const to = rightOf.get(pair.target);
          if (from === undefined || to === undefined) return null;
          const middle = width / 2;
          const path = `M0,${y(from)} C${middle},${y(from)} ${middle},${y(to)} ${width},${y(to)}`;
          const look = `${doubtful.has(pair.target) ? 'doubtful' : ''} ${hot === pair.target ? 'hot' : ''}`;
          return (
            <g
              key={pair.target}
              data-line={pair.target}
              onPointerEnter={() => setHot(pair.target)}
              onPointerLeave={() => setHot(null)}
              onClick={() => onUnlink(pair.target)}
            >
              <path d={path} className="line-area" />
              <path d={path} className={`line ${look}`} />
            </g>
          );
        })}
      </svg>
      {end === undefined ? null : (
        <span className="line-end" style={{ top: y(end) - 9 }} aria-hidden>
          <CloseOutlined />
        </span>
      )}
    </>
  );
});
