import { AutoComplete, Table, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { kindOf, link, shownAs, unlink, valueTyped, type Pair } from '@/lib/mapping';
import type { RowView } from './MappingRow';

interface Props {
  targets: RowView[];
  sources: RowView[];
  pairs: Pair[];
  /** Why the value of a field may not fit, by its name. */
  doubts: ReadonlyMap<string, string>;
  /** The columns of the source. */
  columns: ReadonlySet<string>;
  computes: boolean;
  onChange: (pairs: Pair[]) => void;
}

/** The same mapping as a table: for the keyboard, for screen readers, and for hundreds of fields. */
export function MappingTable(props: Props) {
  const { targets, sources, pairs, doubts, columns, computes, onChange } = props;
  const { t } = useTranslation('wizard');
  const sourceOf = new Map(pairs.map((pair) => [pair.target, pair.source]));
  const options = sources.map((row) => ({ value: row.label }));
  const nameOf = new Map(sources.map((row) => [row.label, row.name]));
  return (
    <Table
      size="small"
      rowKey="name"
      dataSource={targets}
      pagination={{ defaultPageSize: 100, hideOnSinglePage: true, showSizeChanger: false }}
      columns={[
        {
          title: t('targetField'),
          dataIndex: 'name',
          render: (name: string, row) => (
            <>
              <span className="code">{name}</span>{' '}
              {row.tags.map((tag) => (
                <Tag key={tag}>{tag}</Tag>
              ))}
            </>
          ),
        },
        { title: t('type'), dataIndex: 'type', className: 'code' },
        {
          title: t('filledWith'),
          key: 'source',
          render: (_, row) => {
            const source = sourceOf.get(row.name);
            const isWrong = source !== undefined && kindOf(source, columns) === 'unrecognized';
            return (
              <AutoComplete
                style={{ width: 280 }}
                className="code"
                allowClear
                aria-label={t('sourceOf', { name: row.name })}
                status={isWrong ? 'error' : undefined}
                value={source === undefined ? '' : shownAs(source)}
                options={options}
                showSearch={{
                  filterOption: (text, option) =>
                    option?.value.toLowerCase().includes(text.toLowerCase()) ?? false,
                }}
                onChange={(text: string | undefined) => {
                  const value = text ?? '';
                  const typed = nameOf.get(value) ?? valueTyped(value, columns, computes);
                  onChange(
                    typed === ''
                      ? unlink(pairs, row.name)
                      : link(pairs, { source: typed, target: row.name }),
                  );
                }}
              />
            );
          },
        },
        {
          title: t('kindOfValue'),
          key: 'kind',
          render: (_, row) => {
            const source = sourceOf.get(row.name);
            if (source === undefined) return null;
            const kind = kindOf(source, columns);
            const doubt = doubts.get(row.name);
            return (
              <>
                <Tag color={kind === 'unrecognized' ? 'error' : undefined}>{t(`kind.${kind}`)}</Tag>
                {doubt === undefined ? null : <span className="warning-text">{doubt}</span>}
              </>
            );
          },
        },
      ]}
    />
  );
}
