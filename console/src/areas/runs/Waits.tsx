import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { isObject } from '@/lib/document';
import { duration } from '@/lib/format';
import { tookSeconds } from './took';

/** Waiting for less than this share of the time makes no side slow. */
const LEAST_SHARE = 0.2;

/** How long channels waited for the source and for the target: the longer bar is the slow side. */
export function Waits({ run }: { run: Schemas['RunDetail'] }) {
  const { t } = useTranslation('runs');
  const { reader, writer } = waitsOf(run);
  const total = reader + writer;
  if (total < 1) return null;
  const isLong = Math.max(reader, writer) > (tookSeconds(run) ?? 0) * LEAST_SHARE;
  const slow = !isLong ? 'none' : reader > writer ? 'reader' : 'writer';
  return (
    <div className="waits">
      <span className="waits-bar" aria-hidden>
        <span className="reader" style={{ width: `${(reader / total) * 100}%` }} />
        <span className="writer" style={{ width: `${(writer / total) * 100}%` }} />
      </span>
      <span>
        {t('waitedReader')} {duration(reader)} · {t('waitedWriter')} {duration(writer)}
      </span>
      <strong>{t(`slow.${slow}`)}</strong>
    </div>
  );
}

/** Of the closing report, and of the progress before there is one. */
function waitsOf(run: Schemas['RunDetail']): { reader: number; writer: number } {
  const timing = isObject(run.report) ? run.report.timing : undefined;
  const from = isObject(timing) ? timing : (run.progress ?? {});
  const read = (name: string) =>
    Number(Object.entries(from).find(([key]) => key === name)?.[1] ?? 0);
  return { reader: read('waitReaderSeconds'), writer: read('waitWriterSeconds') };
}
