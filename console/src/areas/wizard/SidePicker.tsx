import { AutoComplete, Form, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useDatasources, useTables } from '@/api/queries';
import { datasourceOf, tableOf, withParameters, withStep, type Side } from '@/lib/document';
import { useStill } from '@/ui/useStill';
import type { StepProps } from './steps';

/** Where the rows come from, or go to: a data source and a table of it. */
export function SidePicker({
  project,
  draft,
  onChange,
  problems,
  side,
}: StepProps & { side: Side }) {
  const { t } = useTranslation('wizard');
  const step = draft.document.configuration[side];
  const name = datasourceOf(step);
  const table = tableOf(step);
  const datasources = useDatasources(project);
  const datasource = datasources.data?.items.find((item) => item.name === name);
  const [search, setSearch] = useState('');
  const tables = useTables({ project, datasource: datasource?.id }, useStill(search, 300));
  const about = (field: string) => {
    const found = problems.find((it) =>
      it.pointer.startsWith(`/configuration/${side}/parameter/${field}`),
    );
    const help = found ? [found.message, found.hint].filter(Boolean).join(' — ') : undefined;
    return found ? { validateStatus: 'error' as const, help } : {};
  };
  return (
    <>
      <Form.Item
        label={t('datasource')}
        htmlFor={`${side}-datasource`}
        required
        {...about('datasource')}
      >
        <Select
          id={`${side}-datasource`}
          showSearch
          value={name === '' ? null : name}
          loading={datasources.isPending}
          placeholder={t('chooseDatasource')}
          options={datasources.data?.items
            .filter((item) => item.environment === 'prod')
            .map((item) => ({ value: item.name, label: `${item.name} (${item.connector})` }))}
          onChange={(chosen) => {
            const found = datasources.data?.items.find((item) => item.name === chosen);
            if (!found) return;
            // Settings of one kind of store say nothing to another; of the same kind they stay.
            const parameter =
              found.connector === step.plugin || step.plugin === '' ? step.parameter : {};
            onChange({
              ...draft,
              document: withStep(draft.document, side, {
                plugin: found.connector,
                parameter: { ...parameter, datasource: chosen },
              }),
            });
          }}
        />
      </Form.Item>
      <Form.Item label={t('table')} htmlFor={`${side}-table`} required {...about('table')}>
        <AutoComplete
          id={`${side}-table`}
          value={table}
          disabled={name === ''}
          placeholder={t('chooseTable')}
          notFoundContent={tables.isFetching ? t('searching') : t('noTables')}
          options={tables.data?.items.map((item) => ({ value: item.name }))}
          showSearch={{ filterOption: false, onSearch: setSearch }}
          onChange={(chosen: string | undefined) =>
            onChange({
              ...draft,
              document: withParameters(draft.document, side, { table: chosen || undefined }),
            })
          }
        />
      </Form.Item>
      {tables.error ? (
        <Form.Item>
          <span role="alert">{tables.error.message}</span>
        </Form.Item>
      ) : null}
    </>
  );
}
