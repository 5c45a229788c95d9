import { Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useTables } from '@/api/queries';
import { useStill } from '@/ui/useStill';

interface Props {
  id: string;
  project: string;
  datasource: string | undefined;
  isLoading?: boolean;
  disabled: boolean;
  label?: string;
}

interface One {
  value: string;
  onPick: (table: string) => void;
}

interface Many {
  values: string[];
  onPickAll: (tables: string[]) => void;
}

/**
 * Tables of a data source, searched by the server and grouped by schema. A name that is not listed can be typed:
 * it may hold a reference such as `${bizdate}`.
 */
export function TablePicker(props: Props & (One | Many)) {
  const { id, project, datasource, isLoading = false, disabled, label } = props;
  const { t } = useTranslation('wizard');
  const [search, setSearch] = useState('');
  const tables = useTables({ project, datasource }, useStill(search.trim(), 300));
  const isTyped = search.trim() !== '' && !tables.items.some((it) => it.name === search.trim());
  const options = [
    ...grouped(tables.items),
    ...(isTyped ? [{ value: search.trim(), label: t('useTyped', { name: search.trim() }) }] : []),
  ];
  const common = {
    id,
    disabled,
    'aria-label': label,
    loading: isLoading || tables.isFetching,
    placeholder: t('chooseTable'),
    options,
    notFoundContent: tables.error?.message ?? (tables.isFetching ? t('searching') : t('noTables')),
    showSearch: { filterOption: false, searchValue: search, onSearch: setSearch },
    onPopupScroll: ({ currentTarget }: React.UIEvent<HTMLElement>) => {
      const left = currentTarget.scrollHeight - currentTarget.scrollTop;
      const isAtEnd = left < currentTarget.clientHeight * 2;
      if (isAtEnd && tables.hasMore && !tables.isFetching) tables.more();
    },
    status: tables.error ? ('error' as const) : undefined,
  };
  if ('values' in props) {
    return <Select {...common} mode="multiple" value={props.values} onChange={props.onPickAll} />;
  }
  return (
    <Select
      {...common}
      value={props.value === '' ? null : props.value}
      onChange={(table: string) => props.onPick(table)}
    />
  );
}

interface Table {
  name: string;
  kind: string;
}

/** Options by schema, where names have one. */
function grouped(tables: readonly Table[]) {
  const schemas = new Map<string, { value: string; label: string }[]>();
  for (const { name, kind } of tables) {
    const schema =
      name.includes('.') && !name.includes('/') ? name.slice(0, name.indexOf('.')) : '';
    const option = { value: name, label: kind === 'table' ? name : `${name} (${kind})` };
    schemas.set(schema, [...(schemas.get(schema) ?? []), option]);
  }
  if (schemas.size < 2) return [...schemas.values()].flat();
  return [...schemas].map(([schema, options]) => ({ label: schema || '–', options }));
}
