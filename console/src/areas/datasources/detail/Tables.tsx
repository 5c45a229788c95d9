import { TableOutlined } from '@ant-design/icons';
import { getRouteApi } from '@tanstack/react-router';
import { Button, Input, Tabs, Tree, type TreeDataNode } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { usePages } from '@/api/pages';
import { useMay } from '@/areas/frame/project';
import { bySchema } from '@/lib/schemas';
import { Failure } from '@/ui/Failure';
import { Loading } from '@/ui/Loading';
import { Nothing } from '@/ui/Nothing';
import { useStill } from '@/ui/useStill';
import { Columns, Ddl, Sample, type Place } from './TableParts';
import type { TableView } from './tabs';

interface Props extends Place {
  /** Whether the part of a name before a dot is a schema; in the name of a file it is not. */
  hasSchemas: boolean;
}

const route = getRouteApi('/projects/$project/datasources/$datasource');

/** The tables by schema at the left, and what one of them is like at the right. */
export function Tables({ hasSchemas, ...place }: Props) {
  const { t } = useTranslation('datasource');
  const { t: common } = useTranslation('common');
  const { table } = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState('');
  const search = useStill(typed, 250);
  const pages = usePages<Schemas['TableItem']>({
    key: ['tables', place.project, place.datasource, 'tree', search],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/datasources/{datasource}/tables', {
          params: { path: place, query: { search, cursor, limit: 200 } },
          signal,
        }),
      ),
  });
  const schemas = hasSchemas ? bySchema(pages.items) : [{ name: '', tables: pages.items }];
  const nodes = schemas.flatMap((schema): TreeDataNode[] =>
    schema.name === ''
      ? schema.tables.map((item) => leaf(item, item.name))
      : [
          {
            key: `schema ${schema.name}`,
            title: `${schema.name} (${schema.tables.length}${pages.hasMore ? '+' : ''})`,
            selectable: false,
            children: schema.tables.map((item) =>
              leaf(item, item.name.slice(schema.name.length + 1)),
            ),
          },
        ],
  );
  return (
    <div className="beside wide">
      <div>
        <Input
          allowClear
          aria-label={t('searchTables')}
          placeholder={t('searchTables')}
          style={{ marginBottom: 8 }}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        {pages.error ? (
          <Failure
            message={pages.error.message}
            hint={pages.error.hint}
            requestId={pages.error.requestId}
            onRetry={pages.again}
          />
        ) : null}
        {pages.isPending ? <Loading rows={8} /> : null}
        {!pages.isPending && !pages.error && nodes.length === 0 ? (
          <Nothing text={search ? t('noTableFound') : t('noTables')} />
        ) : null}
        {nodes.length > 0 ? (
          <Tree
            // Schemas that come later open by themselves, too.
            key={nodes.map((node) => node.key).join('\n')}
            aria-label={t('tables')}
            blockNode
            showIcon
            defaultExpandAll
            height={520}
            selectedKeys={table ? [`table ${table}`] : []}
            treeData={nodes}
            onSelect={([key]) => {
              if (key === undefined) return;
              const chosen = String(key).replace(/^table /, '');
              void navigate({ search: (known) => ({ ...known, table: chosen }) });
            }}
          />
        ) : null}
        {pages.hasMore ? (
          <Button block loading={pages.isFetching} onClick={pages.more}>
            {common('loadMore')}
          </Button>
        ) : null}
      </div>
      {table ? <Shown {...place} table={table} /> : <Nothing text={t('chooseTable')} />}
    </div>
  );
}

/** A table in the tree, by what stands behind its schema. */
function leaf({ name, kind }: Schemas['TableItem'], title: string): TreeDataNode {
  return {
    key: `table ${name}`,
    icon: <TableOutlined />,
    title: (
      <span title={kind} className="code">
        {title}
      </span>
    ),
    isLeaf: true,
  };
}

function Shown({ table, ...place }: Place & { table: string }) {
  const { t } = useTranslation('datasource');
  const { view = 'columns' } = route.useSearch();
  const navigate = route.useNavigate();
  const mayPreview = useMay('datasourcesPreview');
  return (
    <section aria-labelledby="table-title" style={{ minWidth: 0 }}>
      <h2 id="table-title" className="code">
        {table}
      </h2>
      <Tabs
        activeKey={view}
        destroyOnHidden
        onChange={(key) =>
          void navigate({ search: (known) => ({ ...known, view: key as TableView }) })
        }
        items={[
          {
            key: 'columns',
            label: t('columns'),
            children: <Columns key={table} {...place} table={table} />,
          },
          {
            key: 'sample',
            label: t('sample'),
            children: mayPreview ? (
              <Sample key={table} {...place} table={table} />
            ) : (
              <Nothing text={t('mayNotPreview')} />
            ),
          },
          { key: 'ddl', label: t('ddl'), children: <Ddl key={table} {...place} table={table} /> },
        ]}
      />
    </section>
  );
}
