import { PlusOutlined } from '@ant-design/icons';
import { useQueries } from '@tanstack/react-query';
import { Alert, Button, Form } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { columnsOf } from '@/api/queries';
import { TablePicker } from './TablePicker';

interface Props {
  project: string;
  datasource: string | undefined;
  /** The columns of the first table, which the others must have too. */
  first: string[];
  tables: string[];
  onChange: (tables: string[]) => void;
}

/** Further tables of the same columns that are read one after another, such as the parts of a sharded table. */
export function Shards({ project, datasource, first, tables, onChange }: Props) {
  const { t } = useTranslation('wizard');
  const [isOpen, setOpen] = useState(tables.length > 0);
  const columns = useQueries({
    queries: tables.map((table) => ({
      ...columnsOf({ project, datasource }, table),
      enabled: datasource !== undefined,
      retry: false,
    })),
  });
  if (!isOpen && tables.length === 0) {
    return (
      <Form.Item>
        <Button type="link" icon={<PlusOutlined />} onClick={() => setOpen(true)}>
          {t('addShards')}
        </Button>
      </Form.Item>
    );
  }
  const wrong = tables.flatMap((table, index) => {
    const found = columns[index];
    if (found?.error) return [`${table}: ${found.error.message}`];
    const names = new Set(found?.data?.items.map((it) => it.name));
    const missing = found?.data ? first.filter((name) => !names.has(name)) : [];
    return missing.length > 0 ? [t('shardLacks', { table, columns: missing.join(', ') })] : [];
  });
  return (
    <Form.Item label={t('shards')} htmlFor="shards" extra={t('shardsHelp')}>
      <TablePicker
        id="shards"
        project={project}
        datasource={datasource}
        disabled={datasource === undefined}
        values={tables}
        onPickAll={onChange}
      />
      {wrong.length > 0 ? (
        <Alert
          type="warning"
          showIcon
          style={{ marginTop: 8 }}
          title={t('shardsDiffer')}
          description={wrong.map((line) => (
            <div key={line}>{line}</div>
          ))}
        />
      ) : null}
    </Form.Item>
  );
}
