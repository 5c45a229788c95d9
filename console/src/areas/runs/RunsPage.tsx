import { getRouteApi, Link } from '@tanstack/react-router';
import { DatePicker, Select } from 'antd';
import dayjs from 'dayjs';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { usePages } from '@/api/pages';
import { count, duration } from '@/lib/format';
import { Moment } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { PageTitle } from '@/ui/PageTitle';
import { RunState } from '@/ui/RunState';

const route = getRouteApi('/projects/$project/runs');

const STATES = ['queued', 'running', 'succeeded', 'failed', 'stopped'];
const KINDS = ['manual', 'trial', 'scheduled', 'backfill'];

/** How long a run took, or takes so far. */
export function tookSeconds(run: Pick<Schemas['Run'], 'startedAt' | 'endedAt'>): number | null {
  if (!run.startedAt) return null;
  const end = run.endedAt ? Date.parse(run.endedAt) : Date.now();
  return (end - Date.parse(run.startedAt)) / 1_000;
}

export function RunsPage() {
  const { t } = useTranslation('runs');
  const { t: states } = useTranslation('states');
  const { project } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const set = (change: Partial<typeof search>) =>
    void navigate({ search: (known) => ({ ...known, ...change }) });
  const pages = usePages<Schemas['Run']>({
    key: ['runs', project, 'list', search],
    every: 5_000,
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/runs', {
          params: { path: { project }, query: { ...search, cursor, limit: 50 } },
          signal,
        }),
      ),
  });
  const choice = (names: string[]) =>
    names.map((value) => ({ value, label: states(value as 'queued') }));
  const isFiltered = Object.values(search).some((value) => value !== undefined);
  return (
    <div className="page">
      <PageTitle title={t('title')} />
      <div className="filters">
        <Select
          allowClear
          style={{ width: 160 }}
          aria-label={t('state')}
          placeholder={t('state')}
          value={search.state ?? null}
          options={choice(STATES)}
          onChange={(state: string | undefined) => set({ state })}
        />
        <Select
          allowClear
          style={{ width: 160 }}
          aria-label={t('kind')}
          placeholder={t('kind')}
          value={search.kind ?? null}
          options={choice(KINDS)}
          onChange={(kind: string | undefined) => set({ kind })}
        />
        <DatePicker
          aria-label={t('bizdate')}
          placeholder={t('bizdate')}
          value={search.bizdate ? dayjs(search.bizdate) : null}
          onChange={(date) => set({ bizdate: date ? date.format('YYYY-MM-DD') : undefined })}
        />
      </div>
      <PagedTable
        rowKey="id"
        pages={pages}
        nothing={<Nothing text={isFiltered ? t('noneFound') : t('none')} />}
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
          { title: t('job'), dataIndex: 'jobName' },
          {
            title: t('kind'),
            dataIndex: 'kind',
            render: (kind: string) => states(kind as 'manual', { defaultValue: kind }),
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
            title: t('dirty'),
            dataIndex: 'rowsDirty',
            className: 'number',
            render: (rows: number) => count(rows),
          },
          { title: t('attempt'), dataIndex: 'attempt', className: 'number' },
        ]}
      />
    </div>
  );
}
