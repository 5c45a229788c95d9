import { Tag } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { changesOf } from '@/lib/changes';
import { Moment } from './Moment';
import { Nothing } from './Nothing';
import { PagedTable } from './PagedTable';
import { MoreHeading } from './MoreHeading';

interface Entry {
  id: string;
  at: string;
  accountName: string;
  accessKeyId?: string | null | undefined;
  action: string;
  objectKind: string;
  objectName: string;
  address: string;
  before?: unknown;
  after?: unknown;
}

interface Props {
  pages: Parameters<typeof PagedTable<Entry>>[0]['pages'];
  nothing?: ReactNode;
}

/** Entries of the audit log; an opened row tells what changed. */
export function AuditTable({ pages, nothing }: Props) {
  const { t } = useTranslation('audit');
  return (
    <PagedTable
      rowKey="id"
      size="small"
      pages={pages}
      nothing={nothing ?? <Nothing text={t('none')} />}
      expandable={{
        columnTitle: <MoreHeading />,
        rowExpandable: (entry) => changesIn(entry).length > 0,
        expandedRowRender: (entry) => <Changes entry={entry} />,
      }}
      columns={[
        { title: t('when'), dataIndex: 'at', render: (at: string) => <Moment at={at} /> },
        {
          title: t('who'),
          dataIndex: 'accountName',
          render: (name: string, entry) => (
            <>
              {name || t('nobody')} {entry.accessKeyId ? <Tag>{t('byKey')}</Tag> : null}
            </>
          ),
        },
        {
          title: t('what'),
          dataIndex: 'action',
          render: (action: string) => <span title={action}>{words(action, t)}</span>,
        },
        { title: t('object'), dataIndex: 'objectName' },
        { title: t('address'), dataIndex: 'address', className: 'code', responsive: ['xl'] },
      ]}
    />
  );
}

/** `datasource.update` in words; an action that is not known yet stays as it is. */
function words(action: string, t: (key: never, options: { defaultValue: string }) => string) {
  const [kind = '', verb = ''] = action.split('.');
  const word = (key: string, name: string) => t(`${key}.${name}` as never, { defaultValue: name });
  return `${word('kind', kind)}: ${word('verb', verb)}`;
}

/** What changed, without the time of the change, which the entry tells. */
function changesIn({ before, after }: Entry) {
  return changesOf(before, after).filter(({ path }) => path !== 'updatedAt');
}

function Changes({ entry }: { entry: Entry }) {
  const { t } = useTranslation('audit');
  return (
    <table className="changes">
      <thead>
        <tr>
          <th scope="col">{t('field')}</th>
          <th scope="col">{t('before')}</th>
          <th scope="col">{t('after')}</th>
        </tr>
      </thead>
      <tbody>
        {changesIn(entry).map(({ path, before, after }) => (
          <tr key={path}>
            <th scope="row" className="code">
              {path}
            </th>
            <td className="code">{shown(before)}</td>
            <td className="code">{shown(after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function shown(value: unknown): string {
  if (value === undefined) return '—';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
