import { Tooltip } from 'antd';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { barsOf, type Bar } from '@/lib/states';
import { moment } from '@/lib/time';
import { usePreferences } from '@/ui/preferences';
import { toneOf } from '@/ui/RunState';

interface Props {
  runs: Schemas['Run'][];
}

const HEIGHT = 56;

/** The runs that are listed, by the time at which they began, each bar cut by state. */
export function RunBars({ runs }: Props) {
  const { t } = useTranslation('runs');
  const { t: states } = useTranslation('states');
  const { zone } = usePreferences();
  const bars = useMemo(() => barsOf(runs), [runs]);
  const first = bars[0];
  const last = bars.at(-1);
  if (!first || !last || runs.length < 2) return null;
  const most = Math.max(...bars.map((bar) => bar.total));
  const at = (time: number) => moment(new Date(time).toISOString(), zone).slice(0, 16);
  const words = (bar: Bar) =>
    Object.entries(bar.counts)
      .map(([state, number]) => `${number} ${states(state, { defaultValue: state })}`)
      .join(', ');
  return (
    <figure className="bars">
      <figcaption>{t('bars', { count: runs.length })}</figcaption>
      <ol aria-label={t('bars', { count: runs.length })} style={{ height: HEIGHT }}>
        {bars.map((bar) => (
          <Tooltip
            key={bar.from}
            title={`${at(bar.from)} – ${at(bar.to)}: ${words(bar) || t('noneThen')}`}
          >
            <li>
              <span className="visually-hidden">
                {at(bar.from)}: {words(bar) || t('noneThen')}
              </span>
              {Object.entries(bar.counts).map(([state, number]) => (
                <span
                  key={state}
                  aria-hidden
                  style={{
                    height: `${(number / most) * 100}%`,
                    background: `var(--bar-${toneOf(state)}, var(--${toneOf(state)}))`,
                  }}
                />
              ))}
            </li>
          </Tooltip>
        ))}
      </ol>
      <div className="bars-ends" aria-hidden>
        <span>{at(first.from)}</span>
        <span>{at(last.to)}</span>
      </div>
    </figure>
  );
}
