import { Table } from 'antd';
import { useTranslation } from 'react-i18next';
import { usePreview } from '@/api/queries';
import { isObject, textOf } from '@/lib/document';
import type { Field } from '@/lib/mapping';
import { Loaded } from '@/ui/Loaded';

interface Props {
  project: string;
  datasource: string | undefined;
  table: string;
  fields: readonly Field[];
}

/** The first rows of a table, with the types of its columns. NULL looks different from an empty text. */
export function Preview({ project, datasource, table, fields }: Props) {
  const { t } = useTranslation('wizard');
  const preview = usePreview({ project, datasource }, table, true);
  const typeOf = new Map(fields.map((field) => [field.name, field.type]));
  return (
    <Loaded reading={preview}>
      {({ columns, rows }) => (
        <Table
          size="small"
          bordered
          scroll={{ x: 'max-content', y: 360 }}
          pagination={false}
          locale={{ emptyText: t('noRows') }}
          rowKey={(row) => rows.indexOf(row)}
          dataSource={rows}
          columns={columns.map((column) => ({
            key: column.name,
            title: (
              <>
                <div className="code">{column.name}</div>
                <small>{typeOf.get(column.name) ?? column.arrowType}</small>
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
  const { t } = useTranslation('wizard');
  if (value === null || value === undefined) return <span className="null">NULL</span>;
  if (value === '') return <span className="null">{t('emptyText')}</span>;
  if (isObject(value) && typeof value.hex === 'string' && Object.keys(value).length === 1) {
    return <span className="null">{t('bytes', { count: value.hex.length / 2 })}</span>;
  }
  const text = typeof value === 'object' ? JSON.stringify(value) : textOf(value);
  return (
    <span className="code" title={text.length > 120 ? text.slice(0, 2000) : undefined}>
      {text.length > 120 ? `${text.slice(0, 120)}…` : text}
    </span>
  );
}
