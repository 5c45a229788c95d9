import { PlusOutlined } from '@ant-design/icons';
import { getRouteApi } from '@tanstack/react-router';
import { Button, Dropdown, Flex, Input, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { changeJob } from '@/api/jobs';
import { usePages } from '@/api/pages';
import { useConnectors } from '@/api/queries';
import { useMay } from '@/areas/frame/project';
import type { JobDialogs } from '@/ui/dialogs';
import { Guarded } from '@/ui/Guarded';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { PageTitle } from '@/ui/PageTitle';
import { Bulk } from './Bulk';
import { ExportJobs } from './ExportJobs';
import { Folders, JOBS } from './Folders';
import { ImportJobs } from './ImportJobs';
import { useColumns, type RowAction } from './useColumns';

const route = getRouteApi('/projects/$project/jobs');

const STATES = ['succeeded', 'failed', 'stopped', 'running', 'queued', 'never'] as const;

type Job = Schemas['ListedJob'];
type Opened = { kind: RowAction; job: Job } | null;

export function JobsPage({ dialogs }: { dialogs: JobDialogs }) {
  const { t } = useTranslation('jobs');
  const { t: states } = useTranslation('states');
  const { project } = route.useParams();
  const { search = '', folder, lastRun, source, target } = route.useSearch();
  const navigate = route.useNavigate();
  const mayEdit = useMay('jobsEdit');
  const mayStart = useMay('runsStart');
  const mayTry = useMay('runsTrial');
  const maySchedule = useMay('instancesOperate');
  const mayFolders = useMay('foldersEdit');
  const connectors = useConnectors();
  const [ticked, setTicked] = useState<Job[]>([]);
  const [opened, setOpened] = useState<Opened>(null);
  const [isImporting, setImporting] = useState(false);
  const [isExporting, setExporting] = useState(false);
  const { RunDialog, Versions } = dialogs;
  const isFiltered = Boolean(search || lastRun || source || target);
  const pages = usePages<Job>({
    key: ['jobs', project, 'list', search, folder, lastRun, source, target],
    every: 30_000,
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs', {
          params: {
            path: { project },
            query: {
              search,
              lastRun,
              source,
              target,
              cursor,
              limit: 100,
              // A folder shows what is below it, too; the top shows only what is in no folder.
              ...(folder === undefined ? {} : { folder, below: folder !== '' }),
            },
          },
          signal,
        }),
      ),
  });
  const move = useChange({
    refresh: [
      ['jobs', project],
      ['folders', project],
    ],
    done: t('moved'),
    change: ({ jobs, to }: { jobs: string[]; to: string }) =>
      Promise.all(jobs.map((job) => changeJob(project, job, { folder: to }))),
    onDone: () => setTicked([]),
  });
  const ask = (change: Partial<ReturnType<typeof route.useSearch>>) =>
    void navigate({ search: (known) => ({ ...known, ...change }) });
  const begin = (to: 'new-job' | 'new-script') =>
    void navigate({
      to: `/projects/$project/${to}`,
      params: { project },
      search: { folder: folder ?? '' },
    });
  const columns = useColumns({
    project,
    mayEdit,
    mayStart,
    mayTry,
    onAct: (kind, job) => setOpened({ kind, job }),
  });
  const creating = (
    <Guarded may={mayEdit}>
      <Dropdown
        trigger={['click']}
        disabled={!mayEdit}
        menu={{
          items: [
            { key: 'new-job', label: t('newWizard') },
            { key: 'new-script', label: t('newScript') },
            { key: 'import', label: t('import') },
          ],
          onClick: ({ key }) => {
            if (key === 'import') setImporting(true);
            else begin(key === 'new-script' ? 'new-script' : 'new-job');
          },
        }}
      >
        <Button type="primary" icon={<PlusOutlined />} disabled={!mayEdit}>
          {t('new')}
        </Button>
      </Dropdown>
    </Guarded>
  );
  const close = () => setOpened(null);
  return (
    <div className="page">
      <PageTitle title={t('title')} actions={creating} />
      <Flex gap={16} align="start">
        <Folders
          project={project}
          chosen={folder}
          mayEdit={mayFolders}
          onChoose={(path) => ask({ folder: path })}
          onDropJobs={(jobs, to) => move.mutate({ jobs, to })}
        />
        <div className="jobs">
          <div className="filters">
            <Input.Search
              allowClear
              style={{ width: 240 }}
              aria-label={t('searchName')}
              placeholder={t('searchName')}
              defaultValue={search}
              onSearch={(text) => ask({ search: text || undefined })}
            />
            <Select
              allowClear
              style={{ width: 160 }}
              aria-label={t('lastRun')}
              placeholder={t('lastRun')}
              value={lastRun ?? null}
              options={STATES.map((value) => ({
                value,
                label: value === 'never' ? t('neverRun') : states(value),
              }))}
              onChange={(value: string | undefined) => ask({ lastRun: value })}
            />
            {(['source', 'target'] as const).map((side) => (
              <Select
                key={side}
                allowClear
                style={{ width: 160 }}
                aria-label={t(side)}
                placeholder={t(side)}
                value={(side === 'source' ? source : target) ?? null}
                options={connectors.data?.items
                  .filter((it) => it.capabilities[side === 'source' ? 'reader' : 'writer'])
                  .map((it) => ({ value: it.name, label: it.title }))}
                onChange={(value: string | undefined) => ask({ [side]: value })}
              />
            ))}
          </div>
          <Bulk
            project={project}
            jobs={ticked}
            mayEdit={mayEdit}
            mayRun={mayStart || mayTry}
            maySchedule={maySchedule}
            onExport={() => setExporting(true)}
            onClear={() => setTicked([])}
          />
          <PagedTable
            rowKey="id"
            // The row that measures columns would hold a second checkbox for all.
            scroll={{}}
            pages={pages}
            nothing={
              <Nothing text={isFiltered ? t('noneFound') : t('none')}>
                {isFiltered ? (
                  <Button
                    onClick={() =>
                      ask({
                        search: undefined,
                        lastRun: undefined,
                        source: undefined,
                        target: undefined,
                      })
                    }
                  >
                    {t('clearFilters')}
                  </Button>
                ) : (
                  <Button disabled={!mayEdit} onClick={() => begin('new-job')}>
                    {t('firstJob')}
                  </Button>
                )}
              </Nothing>
            }
            rowSelection={{
              selectedRowKeys: ticked.map((job) => job.id),
              preserveSelectedRowKeys: true,
              onChange: (_, jobs) => setTicked(jobs.filter((job) => job !== undefined)),
              getTitleCheckboxProps: () => ({ 'aria-label': t('tickAll') }),
              getCheckboxProps: (job) => ({ 'aria-label': t('tick', { name: job.name }) }),
            }}
            onRow={(job) => ({
              draggable: mayFolders,
              onDragStart: (event) => {
                const isTicked = ticked.some((it) => it.id === job.id);
                const jobs = isTicked ? ticked.map((it) => it.id) : [job.id];
                event.dataTransfer.setData(JOBS, jobs.join(' '));
              },
            })}
            columns={columns}
          />
        </div>
      </Flex>
      {opened?.kind === 'run' ? (
        <RunDialog project={project} job={opened.job.id} onClose={close} />
      ) : null}
      {opened?.kind === 'history' ? (
        <Versions
          project={project}
          job={opened.job.id}
          onClose={close}
          onRestored={() => undefined}
        />
      ) : null}
      {opened?.kind === 'export' ? (
        <ExportJobs project={project} jobs={[opened.job]} onClose={close} />
      ) : null}
      {isExporting ? (
        <ExportJobs project={project} jobs={ticked} onClose={() => setExporting(false)} />
      ) : null}
      {isImporting ? (
        <ImportJobs project={project} folder={folder ?? ''} onClose={() => setImporting(false)} />
      ) : null}
    </div>
  );
}
