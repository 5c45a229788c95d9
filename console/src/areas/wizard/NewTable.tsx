import { Alert, Button, Form, Input, Modal, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { useTables } from '@/api/queries';
import { FormFailure } from '@/form/FormFailure';
import { marked } from '@/form/problems';
import {
  NOTHING_TYPED,
  suggestedName,
  tableMadeBy,
  withStatement,
  type TypedTable,
} from '@/lib/newTable';
import { Code } from '@/ui/Code';
import { Failure } from '@/ui/Failure';
import { Loading } from '@/ui/Loading';
import { useAsk } from '@/ui/useAsk';
import { useKept } from '@/ui/useKept';
import { useOpener } from '@/ui/useOpener';
import { useStill } from '@/ui/useStill';
import type { SideView } from './useSides';

type Chosen = SideView & { datasource: Schemas['DatasourceItem'] };

interface Props {
  project: string;
  source: Chosen;
  target: Chosen;
  onClose: () => void;
  onMade: (table: string) => void;
}

const LONGEST = 512;

/**
 * A table of the target like that of the source: the server drafts the statement, which is read, changed and
 * confirmed here. What was typed is kept until the table is made, since a dialog is easily closed by mistake.
 */
export function NewTable({ project, source, target, onClose, onMade }: Props) {
  useOpener();
  const { t } = useTranslation('wizard');
  const { t: common } = useTranslation('common');
  const askFirst = useAsk();
  const place = [source.datasource.id, source.table, target.datasource.id].join(' ');
  const kept = useKept<TypedTable>(`longshore.newTable.${place}`, NOTHING_TYPED);
  const typed = kept.value;
  const listed = useTables({ project, datasource: target.datasource.id }, '');
  const names = listed.items.map((it) => it.name);
  const table = typed.table ?? suggestedName(source.table, source.place === 'path', names);
  const takesPartitions = target.has('partition');
  const partitions = typed.partitions ?? source.partitions.map((field) => field.name);
  const wanted = useStill(JSON.stringify({ table: table.trim(), partitions }), 300);
  const isStill = wanted === JSON.stringify({ table: table.trim(), partitions });
  const draft = useRead({
    key: ['tableDraft', project, place, wanted],
    enabled: table.trim() !== '' && !listed.isPending,
    read: (signal) =>
      unwrap(
        client.POST('/api/v1/projects/{project}/datasources/{datasource}/tables/draft', {
          params: { path: { project, datasource: target.datasource.id } },
          body: {
            table: table.trim(),
            source: { datasource: source.datasource.id, table: source.table },
            ...(takesPartitions ? { partitions } : {}),
          },
          signal,
        }),
      ),
  });
  const drafted = draft.data?.statement;
  const statement = typed.statement ?? drafted;
  const remarks = draft.data?.remarks ?? [];
  const wrong = draft.error?.problems ?? [];
  const isReady = typed.statement !== null || (isStill && drafted && !draft.isPlaceholderData);

  const create = useChange({
    inForm: true,
    refresh: [
      ['tables', project, target.datasource.id],
      ['columns', project, target.datasource.id],
    ],
    done: t('newTableMade'),
    change: (sent: string) =>
      unwrap(
        client.POST('/api/v1/projects/{project}/datasources/{datasource}/tables', {
          params: { path: { project, datasource: target.datasource.id } },
          body: { statement: sent },
        }),
      ),
    onDone: (_, sent) => {
      kept.drop(NOTHING_TYPED);
      onClose();
      onMade(tableMadeBy(sent) ?? table.trim());
    },
  });

  function confirm() {
    if (statement === undefined) return;
    const name = tableMadeBy(statement) ?? table.trim();
    askFirst({
      title: t('newTableAsk', { name, datasource: target.datasource.name }),
      help: t('newTableAskHelp'),
      ok: t('newTableOk', { name }),
      act: () => create.mutate(statement),
      isSafe: true,
    });
  }

  return (
    <Modal
      open
      width={720}
      title={t('newTableTitle', { table: source.table })}
      okText={t('newTableCreate')}
      okButtonProps={{ disabled: !isReady || statement?.trim() === '', loading: create.isPending }}
      cancelText={common('cancel')}
      onOk={confirm}
      onCancel={onClose}
    >
      <Form layout="vertical" component="div">
        <Form.Item
          label={t('newTableName')}
          htmlFor="new-table"
          extra={t('newTableNameHelp', { datasource: target.datasource.name })}
          required
          {...marked(wrong, '/table')}
        >
          <Input
            id="new-table"
            className="code"
            autoFocus
            maxLength={LONGEST}
            value={table}
            onChange={(event) => kept.set({ ...typed, table: event.target.value })}
          />
        </Form.Item>
        {takesPartitions ? (
          <Form.Item
            label={t('newTablePartitions')}
            htmlFor="new-table-partitions"
            extra={t('newTablePartitionsHelp')}
            {...marked(wrong, '/partitions')}
          >
            <Select
              id="new-table-partitions"
              mode="tags"
              className="code"
              value={partitions}
              options={(source.all ?? []).map(({ name }) => ({ value: name, label: name }))}
              onChange={(chosen: string[]) => kept.set({ ...typed, partitions: chosen })}
            />
          </Form.Item>
        ) : null}
        {draft.error ? (
          <div style={{ marginBottom: 16 }}>
            <Failure
              message={draft.error.message}
              hint={draft.error.hint}
              requestId={draft.error.requestId}
              onRetry={() => void draft.refetch()}
            />
          </div>
        ) : null}
        {statement === undefined ? (
          draft.isFetching ? (
            <Loading rows={4} />
          ) : null
        ) : (
          <Form.Item label={t('newTableStatement')} extra={t('newTableStatementHelp')}>
            <Code
              language="sql"
              label={t('newTableStatement')}
              value={statement}
              onChange={(text) => kept.set(withStatement(typed, text, drafted))}
            />
          </Form.Item>
        )}
        {typed.statement === null ? null : (
          <Alert
            type="info"
            showIcon
            style={{ marginBottom: 16 }}
            title={t('newTableByHand')}
            action={
              <Button size="small" onClick={() => kept.set({ ...typed, statement: null })}>
                {t('newTableAnew')}
              </Button>
            }
          />
        )}
        {remarks.length > 0 ? (
          <Alert
            type="warning"
            showIcon
            style={{ marginBottom: 16 }}
            title={t('newTableRemarks', { count: remarks.length })}
            description={
              <ul className="plain fact">
                {remarks.map(({ column, message }) => (
                  <li key={`${column} ${message}`}>
                    <span className="code">{column}</span>: {message}
                  </li>
                ))}
              </ul>
            }
          />
        ) : null}
        <FormFailure error={create.error} />
      </Form>
    </Modal>
  );
}
