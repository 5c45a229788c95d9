import { AutoComplete, Table } from 'antd';
import { useTranslation } from 'react-i18next';
import { link, unlink, type Field, type Pair } from '@/lib/mapping';

interface Props {
  fields: Field[];
  sources: string[];
  pairs: Pair[];
  onChange: (pairs: Pair[]) => void;
}

/** The same mapping as a table: for the keyboard, for screen readers, and for hundreds of fields. */
export function MappingTable({ fields, sources, pairs, onChange }: Props) {
  const { t } = useTranslation('wizard');
  const sourceOf = new Map(pairs.map((pair) => [pair.target, pair.source]));
  return (
    <Table
      size="small"
      rowKey="name"
      dataSource={fields}
      pagination={{ pageSize: 100, hideOnSinglePage: true }}
      columns={[
        { title: t('targetField'), dataIndex: 'name', className: 'code' },
        { title: t('type'), dataIndex: 'type', className: 'code' },
        {
          title: t('filledWith'),
          key: 'source',
          render: (_, field) => (
            <AutoComplete
              style={{ width: 280 }}
              allowClear
              aria-label={t('sourceOf', { name: field.name })}
              value={sourceOf.get(field.name) ?? ''}
              options={sources.map((name) => ({ value: name }))}
              showSearch={{
                filterOption: (text, option) => option?.value.includes(text) ?? false,
              }}
              onChange={(source: string | undefined) =>
                onChange(
                  source ? link(pairs, { source, target: field.name }) : unlink(pairs, field.name),
                )
              }
            />
          ),
        },
      ]}
    />
  );
}
