import { PlusOutlined } from '@ant-design/icons';
import { useQueryClient } from '@tanstack/react-query';
import { Badge, Button, Flex, Form, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { columnsOf, useConnectors, useDatasources } from '@/api/queries';
import { marked } from '@/form/problems';
import {
  datasourceOf,
  tablesOf,
  withParameters,
  withStep,
  type JobDocument,
  type Side,
} from '@/lib/document';
import { pairsOf, refitted, withPairs } from '@/lib/mapping';
import { Failure } from '@/ui/Failure';
import { useStill } from '@/ui/useStill';
import { NewTableButton } from './NewTableButton';
import { Shards } from './Shards';
import type { StepProps } from './steps';
import { TablePicker } from './TablePicker';
import type { SideView } from './useSides';

const DOTS = { passed: 'success', failed: 'error', untested: 'default' } as const;

type Props = StepProps & { side: Side; view: SideView; other: SideView };

/** Where the rows come from, or go to: a data source and a table of it. */
export function SidePicker(props: Props) {
  const { project, draft, onChange, onLoss, problems, side, view, other } = props;
  const { t } = useTranslation('wizard');
  const { t: ds } = useTranslation('datasources');
  const queries = useQueryClient();
  const step = draft.document.configuration[side];
  const name = datasourceOf(step);
  const [search, setSearch] = useState('');
  const [isPicking, setPicking] = useState(false);
  const datasources = useDatasources(project, useStill(search, 300));
  const connectors = useConnectors();
  const at = `/configuration/${side}/parameter`;

  const put = (change: (document: JobDocument) => JobDocument) =>
    onChange((now) => ({ ...now, document: change(now.document) }));

  function chooseDatasource(found: Schemas['DatasourceItem']) {
    if (found.name === name) return;
    const { datasource: _, column, ...own } = step.parameter;
    const isOfSameKind = found.connector === step.plugin || step.plugin === '';
    // Settings of one kind of store say nothing to another; the mapping is looked at once a table is chosen.
    if (!isOfSameKind && Object.keys(own).length > 0) {
      onLoss({ pairs: [], before: draft.document });
    }
    put((document) =>
      withStep(document, side, {
        plugin: found.connector,
        parameter: {
          ...(isOfSameKind ? own : {}),
          ...(column === undefined ? {} : { column }),
          datasource: found.name,
        },
      }),
    );
    if (isOfSameKind) void compare(found.id, tablesOf(step));
  }

  /** Lines whose ends are still there stay; the others are told, and can be brought back. */
  async function compare(datasource: string | undefined, tables: string[], isMade = false) {
    const [table] = tables;
    if (datasource === undefined || table === undefined) return;
    setPicking(true);
    const question = columnsOf({ project, datasource }, table);
    const columns = await queries.fetchQuery(question).catch(() => null);
    setPicking(false);
    if (!columns || columns.items.length === 0) return;
    put((document) => {
      const [changed, ends] =
        side === 'reader'
          ? (['source', { source: columns.items, target: other.all }] as const)
          : (['target', { source: other.all, target: columns.items }] as const);
      const pairs = pairsOf(document);
      const { kept, dropped } = refitted(pairs, changed, ends, isMade);
      if (dropped.length > 0) onLoss({ pairs: dropped, before: draft.document });
      else if (kept.length === pairs.length) return document;
      return withPairs(document, kept);
    });
  }

  function chooseTables(tables: string[], isMade = false) {
    const place = view.place ?? 'table';
    const value = tables.length > 1 ? tables : tables[0];
    put((document) => withParameters(document, side, { [place]: value }));
    if (isMade || tables[0] !== tablesOf(step)[0]) {
      void compare(view.datasource?.id, tables, isMade);
    }
  }

  const tables = tablesOf(step);
  const takesMany =
    side === 'reader' && view.form.find((it) => it.name === view.place)?.type.kind === 'texts';
  const able = (connector: string) =>
    connectors.data?.items.find((it) => it.name === connector)?.capabilities;
  return (
    <>
      <Form.Item
        label={t('datasource')}
        htmlFor={`${side}-datasource`}
        required
        data-pointer={`${at}/datasource`}
        {...marked(problems, `${at}/datasource`)}
      >
        <Flex gap={8}>
          <Select
            id={`${side}-datasource`}
            style={{ flex: 1, minWidth: 0 }}
            showSearch={{ filterOption: false, onSearch: setSearch }}
            value={name === '' ? null : name}
            loading={datasources.isPending}
            placeholder={t('chooseDatasource')}
            notFoundContent={t('noDatasource')}
            options={datasources.data?.items
              .filter((item) => item.environment === 'prod' && able(item.connector)?.[side])
              .map((item) => ({
                value: item.name,
                label: (
                  <Badge
                    status={DOTS[item.state]}
                    text={
                      <>
                        {item.name} <small>{item.connector}</small>
                        <span className="visually-hidden"> {ds(`connection.${item.state}`)}</span>
                        {able(item.connector)?.browser ? null : <small> · {t('scriptOnly')}</small>}
                      </>
                    }
                  />
                ),
                disabled: !able(item.connector)?.browser,
              }))}
            onChange={(chosen: string) => {
              const found = datasources.data?.items.find((item) => item.name === chosen);
              if (found) chooseDatasource(found);
            }}
          />
          <Button icon={<PlusOutlined />} onClick={props.onNewDatasource}>
            {t('newDatasource')}
          </Button>
        </Flex>
      </Form.Item>
      {view.place === null ? null : (
        <Form.Item
          label={view.place === 'table' ? t('table') : t('file')}
          htmlFor={`${side}-table`}
          required
          data-pointer={`${at}/${view.place}`}
          {...marked(problems, `${at}/${view.place}`)}
        >
          <Flex gap={8}>
            <div className="content">
              <TablePicker
                id={`${side}-table`}
                project={project}
                datasource={view.datasource?.id}
                disabled={name === ''}
                isLoading={isPicking}
                value={tables[0] ?? ''}
                onPick={(table) => chooseTables([table, ...tables.slice(1)])}
              />
            </div>
            {side === 'writer' ? (
              <NewTableButton
                project={project}
                source={other}
                target={view}
                onMade={(table) => chooseTables([table], true)}
              />
            ) : null}
          </Flex>
        </Form.Item>
      )}
      {takesMany && tables.length > 0 ? (
        <Shards
          project={project}
          datasource={view.datasource?.id}
          first={view.all?.map((it) => it.name) ?? []}
          tables={tables.slice(1)}
          onChange={(further) => chooseTables([...tables.slice(0, 1), ...further])}
        />
      ) : null}
      {view.columns.error ? (
        <Failure
          message={view.columns.error.message}
          hint={view.columns.error.hint}
          requestId={view.columns.error.requestId}
          onRetry={() => void view.columns.refetch()}
        />
      ) : null}
    </>
  );
}
