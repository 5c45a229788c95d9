import { Alert, Progress, Table, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { isObject, textOf } from '@/lib/document';
import { bytes, count, duration } from '@/lib/format';
import { Nothing } from '@/ui/Nothing';

interface Split {
  task: string;
  range: string;
  read: number;
  written: number;
  dirty: number;
  bytes: number;
  seconds: number;
  attempts: number;
}

/** How far the parts of the source are, and what each one did once the run has ended. */
export function Channels({ run }: { run: Schemas['RunDetail'] }) {
  const { t } = useTranslation('runs');
  const { progress, report } = run;
  const splits = splitsOf(report);
  const notices = noticesOf(report);
  const isEnded = Boolean(run.endedAt);
  if (splits.length === 0 && (isEnded || !progress)) return <Nothing text={t('noReport')} />;
  const number = (title: string, key: keyof Split, words: (value: number) => string) => ({
    title,
    dataIndex: key,
    className: 'number',
    sorter: (one: Split, other: Split) => Number(one[key]) - Number(other[key]),
    render: (value: number) => words(value),
  });
  return (
    <>
      {notices.length > 0 ? (
        <Alert
          type="info"
          showIcon
          style={{ marginBottom: 12 }}
          title={notices.map((notice) => (
            <div key={notice}>{notice}</div>
          ))}
        />
      ) : null}
      {progress && !isEnded ? (
        <dl className="resolved facts">
          <div>
            <dt>{t('splitsDone')}</dt>
            <dd>
              <Progress
                style={{ width: 240 }}
                aria-label={t('splitsDone')}
                percent={
                  progress.splitsTotal === 0
                    ? 0
                    : Math.floor((progress.splitsDone / progress.splitsTotal) * 100)
                }
                format={() => `${count(progress.splitsDone)} / ${count(progress.splitsTotal)}`}
              />
            </dd>
          </div>
          <div>
            <dt>{t('retries')}</dt>
            <dd>{count(progress.retries)}</dd>
          </div>
          <div>
            <dt>{t('server')}</dt>
            <dd className="code">{run.server ?? '–'}</dd>
          </div>
        </dl>
      ) : null}
      {isEnded ? null : <p className="hint">{t('splitsLater')}</p>}
      {splits.length > 0 ? (
        <Table<Split>
          size="small"
          rowKey="task"
          scroll={{ x: 'max-content' }}
          pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
          dataSource={splits}
          columns={[
            { title: t('split'), dataIndex: 'task', className: 'number' },
            { title: t('range'), dataIndex: 'range', className: 'code' },
            number(t('rowsRead'), 'read', count),
            number(t('rowsWritten'), 'written', count),
            number(t('dirty'), 'dirty', count),
            number(t('bytes'), 'bytes', bytes),
            number(t('took'), 'seconds', duration),
            {
              title: t('attempts'),
              dataIndex: 'attempts',
              className: 'number',
              render: (attempts: number) =>
                attempts === 0 ? <Tag>{t('earlierServer')}</Tag> : attempts,
            },
          ]}
        />
      ) : null}
    </>
  );
}

function splitsOf(report: unknown): Split[] {
  const list = isObject(report) && Array.isArray(report.splits) ? report.splits : [];
  return list.filter(isObject).map((split, index) => ({
    task: textOf(split.task) || String(index),
    range: textOf(split.split),
    read: Number(split.rowsRead ?? 0),
    written: Number(split.rowsWritten ?? 0),
    dirty: Number(split.rowsDirty ?? 0),
    bytes: Number(split.bytesRead ?? 0),
    seconds: Number(split.seconds ?? 0),
    attempts: Number(split.attempts ?? 1),
  }));
}

function noticesOf(report: unknown): string[] {
  const list = isObject(report) && Array.isArray(report.notices) ? report.notices : [];
  return list.map(textOf).filter((notice) => notice !== '');
}
