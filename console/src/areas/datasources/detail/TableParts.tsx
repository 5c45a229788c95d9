import { Table, Tag, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';
import { useColumns, usePreview } from '@/api/queries';
import { textOf } from '@/lib/document';
import { Loaded } from '@/ui/Loaded';

export interface Place {
  project: string;
  datasource: string;
}

type Props = Place & { table: string };

export function Columns({ table, ...place }: Props) {
  const { t } = useTranslation('datasource');
  const { t: common } = useTranslation('common');
  const columns = useColumns(place, table);
  return (
    <Loaded reading={columns}>
      {({ items }) => (
        <Table<Schemas['TableColumn']>
          size="small"
          rowKey="name"
          pagination={false}
          virtual={items.length > 100}
          scroll={items.length > 100 ? { y: 520, x: 640 } : { x: 'max-content' }}
          dataSource={items}
          columns={[
            {
              title: common('name'),
              dataIndex: 'name',
              width: 200,
              render: (name: string, column) => (
                <>
                  <span className="code">{name}</span>{' '}
                  {column.key ? <Tag color="blue">{t('key')}</Tag> : null}
                </>
              ),
            },
            { title: t('type'), dataIndex: 'type', className: 'code', width: 160 },
            {
              title: t('null'),
              dataIndex: 'nullable',
              width: 90,
              render: (nullable: boolean) => (nullable ? t('nullable') : t('notNull')),
            },
            { title: t('arrowType'), dataIndex: 'arrowType', className: 'code', width: 180 },
          ]}
        />
      )}
    </Loaded>
  );
}

/** The first rows. NULL looks different from an empty text. */
export function Sample({ table, ...place }: Props) {
  const { t } = useTranslation('datasource');
  const preview = usePreview(place, table, true);
  return (
    <Loaded reading={preview}>
      {({ columns, rows }) => (
        <Table
          size="small"
          bordered
          scroll={{ x: 'max-content' }}
          pagination={false}
          locale={{ emptyText: t('noRows') }}
          rowKey={(row) => rows.indexOf(row)}
          dataSource={rows}
          columns={columns.map((column) => ({
            key: column.name,
            title: (
              <>
                <div className="code">{column.name}</div>
                <small>{column.arrowType}</small>
              </>
            ),
            render: (row: Record<string, unknown>) => <Cell value={row[column.name]} />,
          }))}
        />
      )}
    </Loaded>
  );
}

function Cell({ value }: { value: unknown }) {
  const { t } = useTranslation('datasource');
  if (value === null || value === undefined) return <span className="null">NULL</span>;
  if (value === '') return <span className="null">{t('emptyText')}</span>;
  const text = typeof value === 'object' ? JSON.stringify(value) : textOf(value);
  return <span className="code">{text.length > 120 ? `${text.slice(0, 120)}…` : text}</span>;
}

export function Ddl({ project, datasource, table }: Props) {
  const { t } = useTranslation('datasource');
  const ddl = useRead({
    key: ['ddl', project, datasource, table],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/datasources/{datasource}/ddl', {
          params: { path: { project, datasource }, query: { table } },
          signal,
        }),
      ),
  });
  return (
    <Loaded reading={ddl}>
      {({ ddl: text }) => (
        <>
          <p>{t('ddlHelp')}</p>
          <Typography.Paragraph copyable={{ text, tooltips: [t('copy'), t('copied')] }}>
            <pre className="script code" tabIndex={0} aria-label={t('ddl')}>
              {text}
            </pre>
          </Typography.Paragraph>
        </>
      )}
    </Loaded>
  );
}
