import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { usePages } from '@/api/pages';
import { count, duration } from '@/lib/format';
import { Moment } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { PageTitle } from '@/ui/PageTitle';
import { usePreferences } from '@/ui/preferences';
import { RunState } from '@/ui/RunState';
import { Bulk } from './Bulk';
import type { Run } from './operate';
import { RunBars } from './RunBars';
import { askedOf, RunFilters, type Search } from './RunFilters';
import { rowRate, tookSeconds } from './took';

const route = getRouteApi('/projects/$project/runs');
const PAGE = 100;
/** What "all that match" gathers at most. */
const MOST = 2_000;

export function RunsPage() {
  const { t } = useTranslation('runs');
  const { t: states } = useTranslation('states');
  const { project } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { zone } = usePreferences();
  const [chosen, setChosen] = useState<Run[]>([]);
  const read = (cursor: string | undefined, limit: number, signal?: AbortSignal) =>
    unwrap(
      client.GET('/api/v1/projects/{project}/runs', {
        params: { path: { project }, query: { ...askedOf(search, zone), cursor, limit } },
        ...(signal && { signal }),
      }),
    );
  const pages = usePages<Run>({
    key: ['runs', project, 'list', search, zone],
    every: 5_000,
    read: (cursor, signal) => read(cursor, PAGE, signal),
  });
  async function readAll(): Promise<Run[]> {
    const found: Run[] = [];
    let cursor: string | undefined;
    do {
      // oxlint-disable-next-line no-await-in-loop
      const page = await read(cursor, 500);
      found.push(...page.items);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && found.length < MOST);
    return found.slice(0, MOST);
  }
  const set = (change: Search) => {
    setChosen([]);
    void navigate({ search: (known) => ({ ...known, ...change }) });
  };
  const isFiltered = Object.values(search).some((value) => value !== undefined);
  // Those that were ticked, as they are by now.
  const ids = new Set(chosen.map((run) => run.id));
  const ticked = pages.items.filter((run) => ids.has(run.id));
  return (
    <div className="page">
      <PageTitle title={t('title')} />
      <RunFilters project={project} search={search} onChange={set} />
      <RunBars runs={pages.items} />
      <Bulk
        project={project}
        chosen={ticked}
        about={JSON.stringify([search, [...ids]])}
        readAll={pages.hasMore ? readAll : null}
        onClear={() => setChosen([])}
      />
      <div className="scrolls">
        <PagedTable<Run>
          rowKey="id"
          // With a width of its own the table would draw its check box twice, once where nobody sees it.
          scroll={{}}
          size="small"
          pages={pages}
          nothing={
            <Nothing text={isFiltered ? t('noneFound') : t('none')}>
              {isFiltered ? null : (
                <Link to="/projects/$project/jobs" params={{ project }}>
                  {t('toJobs')}
                </Link>
              )}
            </Nothing>
          }
          rowSelection={{
            selectedRowKeys: [...ids],
            onChange: (_, rows) => setChosen(rows),
            getCheckboxProps: (run) => ({ 'aria-label': t('choose', { number: run.number }) }),
          }}
          columns={[
            {
              title: t('number'),
              dataIndex: 'number',
              className: 'number',
              render: (number: number, run) => (
                <Link to="/projects/$project/runs/$run" params={{ project, run: run.id }}>
                  #{number}
                </Link>
              ),
            },
            { title: t('job'), dataIndex: 'jobName', className: 'wraps' },
            {
              title: t('kind'),
              dataIndex: 'kind',
              responsive: ['xl'],
              render: (kind: string) => states(kind, { defaultValue: kind }),
            },
            { title: t('bizdate'), dataIndex: 'bizdate', className: 'code' },
            {
              title: t('state'),
              dataIndex: 'state',
              render: (state: string) => <RunState state={state} />,
            },
            {
              title: t('started'),
              dataIndex: 'startedAt',
              render: (at: string | null) => (at ? <Moment at={at} /> : null),
            },
            {
              title: t('took'),
              key: 'took',
              className: 'number',
              render: (_, run) => {
                const seconds = tookSeconds(run);
                return seconds === null ? null : duration(seconds);
              },
            },
            {
              title: t('rows'),
              dataIndex: 'rowsWritten',
              className: 'number',
              render: (rows: number) => count(rows),
            },
            {
              title: t('rate'),
              key: 'rate',
              responsive: ['xl'],
              className: 'number',
              render: (_, run) => {
                const rate = rowRate(run);
                return rate === null ? null : count(rate);
              },
            },
            {
              title: t('dirty'),
              dataIndex: 'rowsDirty',
              className: 'number',
              render: (rows: number) => (
                <span className={rows > 0 ? 'warned' : undefined}>{count(rows)}</span>
              ),
            },
            {
              title: t('attempt'),
              dataIndex: 'attempt',
              className: 'number',
              responsive: ['xxl'],
            },
            { title: t('group'), dataIndex: 'resourceGroup', responsive: ['xxl'] },
            {
              title: t('server'),
              dataIndex: 'server',
              responsive: ['xxl'],
              className: 'code',
              render: (server: string | null) =>
                server ? <span title={server}>{server.slice(-8)}</span> : null,
            },
          ]}
        />
      </div>
    </div>
  );
}
