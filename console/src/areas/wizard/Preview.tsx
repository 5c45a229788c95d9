import { Spin, Table } from 'antd';
import { useTranslation } from 'react-i18next';
import { usePreview } from '@/api/queries';
import { textOf } from '@/lib/document';
import { Failure } from '@/ui/Failure';

interface Props {
  project: string;
  datasource: string | undefined;
  table: string;
}

/** The first rows of a table, with the types of its columns. NULL looks different from an empty text. */
export function Preview({ project, datasource, table }: Props) {
  const { t } = useTranslation('wizard');
  const preview = usePreview({ project, datasource }, table, true);
  if (preview.error) {
    return (
      <Failure
        message={preview.error.message}
        hint={preview.error.hint}
        onRetry={() => void preview.refetch()}
      />
    );
  }
  if (!preview.data) return <Spin />;
  const { columns, rows } = preview.data;
  return (
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
  );
}

function Cell({ value }: { value: unknown }) {
  const { t } = useTranslation('wizard');
  if (value === null || value === undefined) return <span className="null">NULL</span>;
  if (value === '') return <span className="null">{t('emptyText')}</span>;
  const text = typeof value === 'object' ? JSON.stringify(value) : textOf(value);
  return <span className="code">{text.length > 120 ? `${text.slice(0, 120)}…` : text}</span>;
}
