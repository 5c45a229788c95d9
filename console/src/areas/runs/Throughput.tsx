import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { client, unwrap } from '@/api/client';
import { useRead } from '@/api/hooks';
import { count } from '@/lib/format';
import { rates } from '@/lib/series';
import { moment } from '@/lib/time';
import { usePreferences } from '@/ui/preferences';

const HEIGHT = 200;

interface Props {
  project: string;
  run: string;
  isEnded: boolean;
}

/** A rate is read against nothing, so its axis begins there. */
function fromZero(_: uPlot, __: number, most: number): [number, number] {
  return [0, most > 0 ? most * 1.1 : 1];
}

/** Rows and MiB per second over the time of the run, and as areas the share of it that was waited for each side. */
export function Throughput({ project, run, isEnded }: Props) {
  const { t } = useTranslation('runs');
  const { shown, zone } = usePreferences();
  const box = useRef<HTMLDivElement>(null);
  const series = useRead({
    key: ['runs', project, 'series', run, isEnded],
    ...(isEnded ? {} : { every: 3_000 }),
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/runs/{run}/series', {
          params: { path: { project, run } },
          signal,
        }),
      ),
  });
  const samples = series.data;
  const chart = useRef<uPlot | null>(null);
  const data = useRef<uPlot.AlignedData>([[], [], [], [], []]);
  // A chart that stays keeps what the reader points at.
  useEffect(() => {
    if (!samples) return;
    const { at, rows, mib, waitReader, waitWriter } = rates(samples);
    data.current = [at, waitReader, waitWriter, rows, mib];
    chart.current?.setData(data.current);
  }, [samples]);
  // A rate is between two moments, and one rate is no course.
  const hasChart = (samples?.length ?? 0) > 2;
  useEffect(() => {
    const element = box.current;
    if (!element || !hasChart) return undefined;
    const isDark = shown === 'dark';
    const axis = {
      stroke: isDark ? '#b3bcc9' : '#4b5565',
      grid: { stroke: isDark ? '#2c323a' : '#e6eaf0' },
    };
    const area = {
      scale: 'share',
      width: 0,
      points: { show: false },
      value: (_: uPlot, share: number | null) => (share === null ? '–' : `${share} %`),
    };
    const clock = (at: number) => moment(new Date(at * 1_000).toISOString(), zone).slice(11);
    const drawn = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        scales: { rows: { range: fromZero }, mib: { range: fromZero }, share: { range: [0, 100] } },
        axes: [
          { ...axis, space: 90, values: (_, ticks) => ticks.map(clock) },
          { ...axis, scale: 'rows', size: 80, label: t('rowsPerSecond') },
          {
            ...axis,
            grid: { show: false },
            scale: 'mib',
            side: 1,
            size: 60,
            label: t('mibPerSecond'),
          },
        ],
        series: [
          { label: t('time'), value: (_, at) => (at === null ? '–' : clock(at)) },
          { ...area, label: t('waitReader'), fill: isDark ? '#7db1ff33' : '#1559c733' },
          { ...area, label: t('waitWriter'), fill: isDark ? '#ffd59133' : '#87460033' },
          {
            label: t('rowsPerSecond'),
            scale: 'rows',
            stroke: isDark ? '#7db1ff' : '#1559c7',
            width: 2,
            value: (_, rate) => (rate === null ? '–' : count(rate)),
          },
          {
            label: t('mibPerSecond'),
            scale: 'mib',
            stroke: isDark ? '#ffd591' : '#874600',
            width: 2,
            dash: [6, 4],
            value: (_, rate) => (rate === null ? '–' : rate.toFixed(1)),
          },
        ],
      },
      data.current,
      element,
    );
    chart.current = drawn;
    const watch = new ResizeObserver(() =>
      drawn.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    watch.observe(element);
    return () => {
      watch.disconnect();
      drawn.destroy();
      chart.current = null;
    };
  }, [hasChart, shown, zone, t]);
  if (!hasChart) return null;
  return <div ref={box} role="img" aria-label={t('throughput')} style={{ marginBottom: 16 }} />;
}
