import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { client, unwrap } from '@/api/client';
import { useRead } from '@/api/hooks';
import { rates } from '@/lib/series';
import { usePreferences } from '@/ui/preferences';

interface Props {
  project: string;
  run: string;
  isEnded: boolean;
}

/** Rows and MiB per second over the time of the run. */
export function Throughput({ project, run, isEnded }: Props) {
  const { t } = useTranslation('runs');
  const { shown } = usePreferences();
  const box = useRef<HTMLDivElement>(null);
  const series = useRead({
    key: ['runs', project, 'series', run],
    ...(isEnded ? {} : { every: 5_000 }),
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/runs/{run}/series', {
          params: { path: { project, run } },
          signal,
        }),
      ),
  });
  const samples = series.data;
  useEffect(() => {
    const element = box.current;
    if (!element || !samples || samples.length < 2) return undefined;
    const { at, rows, mib } = rates(samples);
    const ink = shown === 'dark' ? '#b3bcc9' : '#4b5565';
    const axis = { stroke: ink, grid: { stroke: shown === 'dark' ? '#2c323a' : '#e6eaf0' } };
    const chart = new uPlot(
      {
        width: element.clientWidth,
        height: 180,
        scales: { rows: {}, mib: {} },
        axes: [axis, { ...axis, scale: 'rows', size: 70 }, { ...axis, scale: 'mib', side: 1 }],
        series: [
          {},
          {
            label: t('rowsPerSecond'),
            scale: 'rows',
            stroke: shown === 'dark' ? '#7db1ff' : '#1559c7',
            width: 2,
          },
          {
            label: t('mibPerSecond'),
            scale: 'mib',
            stroke: shown === 'dark' ? '#ffd591' : '#874600',
            width: 2,
          },
        ],
      },
      [at, rows, mib],
      element,
    );
    const watch = new ResizeObserver(() =>
      chart.setSize({ width: element.clientWidth, height: 180 }),
    );
    watch.observe(element);
    return () => {
      watch.disconnect();
      chart.destroy();
    };
  }, [samples, shown, t]);
  if (!samples || samples.length < 2) return null;
  return <div ref={box} role="img" aria-label={t('throughput')} style={{ marginBottom: 16 }} />;
}
