import { Table } from 'antd';
import { useTranslation } from 'react-i18next';
import { isObject, textOf } from '@/lib/document';
import { count, duration } from '@/lib/format';
import { Nothing } from '@/ui/Nothing';

interface Split {
  name: string;
  state: string;
  rows: number;
  dirty: number;
  seconds: number;
  attempts: number;
}

/** What each split did, from the closing report. */
export function Channels({ report }: { report: unknown }) {
  const { t } = useTranslation('runs');
  const splits = splitsOf(report);
  if (splits.length === 0) return <Nothing text={t('noReport')} />;
  return (
    <Table
      size="small"
      rowKey="name"
      pagination={{ pageSize: 50, hideOnSinglePage: true }}
      dataSource={splits}
      columns={[
        { title: t('split'), dataIndex: 'name', className: 'code' },
        {
          title: t('rows'),
          dataIndex: 'rows',
          className: 'number',
          render: (rows: number) => count(rows),
        },
        {
          title: t('dirty'),
          dataIndex: 'dirty',
          className: 'number',
          render: (rows: number) => count(rows),
        },
        {
          title: t('took'),
          dataIndex: 'seconds',
          className: 'number',
          render: (seconds: number) => duration(seconds),
        },
        { title: t('attempts'), dataIndex: 'attempts', className: 'number' },
      ]}
    />
  );
}

function splitsOf(report: unknown): Split[] {
  const list = isObject(report) && Array.isArray(report.splits) ? report.splits : [];
  return list.filter(isObject).map((split, index) => ({
    name: textOf(split.name) || textOf(split.split) || String(index),
    state: textOf(split.state),
    rows: Number(split.rowsWritten ?? 0),
    dirty: Number(split.rowsDirty ?? 0),
    seconds: Number(split.seconds ?? 0),
    attempts: Number(split.attempts ?? 1),
  }));
}
