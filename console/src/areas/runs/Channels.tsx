import { Alert, Progress, Table, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { isObject, textOf } from '@/lib/document';
import { bytes, count, duration } from '@/lib/format';
import { Nothing } from '@/ui/Nothing';
import { RunState } from '@/ui/RunState';

type Split = Schemas['SplitView'];

/** How far the parts of the source are, and what each one does or did: while the run goes on the latest of them. */
export function Channels({ run }: { run: Schemas['RunDetail'] }) {
  const { t } = useTranslation('runs');
  const { progress, report } = run;
  const ended = splitsOf(report);
  const splits = ended.length > 0 ? ended : (progress?.splits ?? []);
  const leftOut = ended.length > 0 ? 0 : (progress?.splitsLeftOut ?? 0);
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
      {leftOut > 0 ? <p className="hint">{t('splitsLeftOut', { count: leftOut })}</p> : null}
      {splits.length > 0 ? (
        <Table<Split>
          size="small"
          rowKey="task"
          scroll={{ x: 'max-content' }}
          pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
          dataSource={splits}
          columns={[
            { title: t('split'), dataIndex: 'task', className: 'number' },
            { title: t('range'), dataIndex: 'split', className: 'code' },
            {
              title: t('state'),
              dataIndex: 'state',
              render: (state: Split['state']) => (
                <RunState state={state === 'done' ? 'succeeded' : state} />
              ),
            },
            number(t('rowsRead'), 'rowsRead', count),
            number(t('rowsWritten'), 'rowsWritten', count),
            number(t('dirty'), 'rowsDirty', count),
            { ...number(t('bytes'), 'bytesRead', bytes), responsive: ['xl'] },
            number(t('took'), 'seconds', duration),
            {
              title: t('attempts'),
              dataIndex: 'attempts',
              className: 'number',
              responsive: ['xxl'],
              render: (attempts: number) =>
                attempts === 0 ? <Tag>{t('earlierServer')}</Tag> : attempts,
            },
            {
              title: t('server'),
              dataIndex: 'server',
              className: 'code',
              responsive: ['xxl'],
              render: (server: string | null | undefined) =>
                server ? <span title={server}>{server.slice(-8)}</span> : null,
            },
          ]}
        />
      ) : null}
    </>
  );
}

/** Of the closing report, which lists every part. */
function splitsOf(report: unknown): Split[] {
  const list = isObject(report) && Array.isArray(report.splits) ? report.splits : [];
  return list.filter(isObject).map((split, index) => ({
    task: Number(split.task ?? index),
    split: textOf(split.split),
    state: split.state === 'failed' || split.state === 'running' ? split.state : 'done',
    rowsRead: Number(split.rowsRead ?? 0),
    rowsFiltered: Number(split.rowsFiltered ?? 0),
    rowsWritten: Number(split.rowsWritten ?? 0),
    rowsDirty: Number(split.rowsDirty ?? 0),
    bytesRead: Number(split.bytesRead ?? 0),
    seconds: Number(split.seconds ?? 0),
    attempts: Number(split.attempts ?? 1),
    server: textOf(split.server) || null,
  }));
}

function noticesOf(report: unknown): string[] {
  const list = isObject(report) && Array.isArray(report.notices) ? report.notices : [];
  return list.map(textOf).filter((notice) => notice !== '');
}
