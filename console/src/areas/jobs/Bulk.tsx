import { Alert, Button, Flex, Form, Input, Modal, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { changeJob, removeJob } from '@/api/jobs';
import { Guarded } from '@/ui/Guarded';
import { useAsk } from '@/ui/useAsk';
import { useOpener } from '@/ui/useOpener';
import { forEach, type Outcome } from './many';
import { useFolders } from './queries';

type Job = Schemas['ListedJob'];

interface Props {
  project: string;
  jobs: readonly Job[];
  mayEdit: boolean;
  mayRun: boolean;
  maySchedule: boolean;
  onExport: () => void;
  onClear: () => void;
}

type Asked = 'pause' | 'move';

/** What can be done to all jobs that are ticked. */
export function Bulk(props: Props) {
  const { project, jobs, mayEdit, mayRun, maySchedule, onExport, onClear } = props;
  const { t } = useTranslation('jobs');
  const { t: common } = useTranslation('common');
  const askFirst = useAsk();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [outcome, setOutcome] = useState<(Outcome & { what: string }) | null>(null);
  const act = useChange({
    refresh: [
      ['jobs', project],
      ['folders', project],
      ['runs', project],
      ['schedules', project],
    ],
    change: ({
      each,
      some,
    }: {
      what: string;
      some: readonly Job[];
      each: (job: Job) => Promise<unknown>;
    }) => forEach(some, each),
    onDone: (done, { what }) => {
      setOutcome({ ...done, what });
      setAsked(null);
      if (done.refused.length === 0) onClear();
    },
  });
  const count = jobs.length;
  const scheduled = jobs.filter((job) => job.schedule && job.schedule.state !== 'draft');
  const active = scheduled.filter((job) => job.schedule?.state === 'active');
  const paused = scheduled.filter((job) => job.schedule?.state === 'paused');

  const run = (job: Job) =>
    unwrap(
      client.POST('/api/v1/projects/{project}/jobs/{job}/runs', {
        params: {
          path: { project, job: job.id },
          header: { 'Idempotency-Key': crypto.randomUUID() },
        },
        // What is not live yet can only be tried.
        body: { kind: job.publishedVersion ? 'manual' : 'trial' },
      }),
    );
  async function revisionOf(job: Job) {
    const found = await answer(
      client.GET('/api/v1/projects/{project}/jobs/{job}/schedule', {
        params: { path: { project, job: job.id } },
      }),
    );
    return { path: { project, job: job.id }, header: { 'If-Match': found.revision ?? '' } };
  }
  const pause = (reason: string) => async (job: Job) =>
    unwrap(
      client.POST('/api/v1/projects/{project}/jobs/{job}/schedule/pause', {
        params: await revisionOf(job),
        body: { reason },
      }),
    );
  const resume = async (job: Job) =>
    unwrap(
      client.POST('/api/v1/projects/{project}/jobs/{job}/schedule/resume', {
        params: await revisionOf(job),
      }),
    );

  function confirm(what: 'run' | 'delete' | 'resume', some: readonly Job[]) {
    askFirst({
      title: t(`bulk.${what}`, { count: some.length }),
      help: (
        <>
          {t(`bulkHelp.${what}`)}
          <ul>
            {some.slice(0, 10).map((job) => (
              <li key={job.id}>{job.name}</li>
            ))}
            {some.length > 10 ? <li>{t('andMore', { count: some.length - 10 })}</li> : null}
          </ul>
        </>
      ),
      ok: what === 'delete' ? common('delete') : t(what),
      act: () =>
        act.mutate({
          what: t(`bulkDone.${what}`),
          some,
          each: { run, resume, delete: (job: Job) => removeJob(project, job.id) }[what],
        }),
      isSafe: what !== 'delete',
    });
  }

  return (
    <div className="bulk" role="region" aria-label={t('ticked', { count })}>
      {outcome ? (
        <Alert
          type={outcome.refused.length > 0 ? 'warning' : 'success'}
          showIcon
          closable={{ onClose: () => setOutcome(null) }}
          aria-live="polite"
          title={`${outcome.what}: ${t('outcome', { done: outcome.done, refused: outcome.refused.length })}`}
          description={outcome.refused.map(({ name, message }) => (
            <div key={name}>
              {name}: {message}
            </div>
          ))}
        />
      ) : null}
      {count > 0 ? (
        <Flex gap={8} align="center" wrap>
          <strong aria-live="polite">{t('ticked', { count })}</strong>
          <Guarded may={mayRun}>
            <Button disabled={!mayRun} loading={act.isPending} onClick={() => confirm('run', jobs)}>
              {t('run')}
            </Button>
          </Guarded>
          <Guarded
            may={maySchedule && active.length > 0}
            why={maySchedule ? t('noneActive') : undefined}
          >
            <Button
              disabled={!maySchedule || active.length === 0}
              onClick={() => setAsked('pause')}
            >
              {t('pause')}
            </Button>
          </Guarded>
          {paused.length > 0 ? (
            <Guarded may={maySchedule}>
              <Button disabled={!maySchedule} onClick={() => confirm('resume', paused)}>
                {t('resume')}
              </Button>
            </Guarded>
          ) : null}
          <Guarded may={mayEdit}>
            <Button disabled={!mayEdit} onClick={() => setAsked('move')}>
              {t('move')}
            </Button>
          </Guarded>
          <Button onClick={onExport}>{t('export')}</Button>
          <Guarded may={mayEdit}>
            <Button danger disabled={!mayEdit} onClick={() => confirm('delete', jobs)}>
              {common('delete')}
            </Button>
          </Guarded>
          <Button type="link" onClick={onClear}>
            {t('untick')}
          </Button>
        </Flex>
      ) : null}
      {asked === 'pause' ? (
        <Ask
          title={t('bulk.pause', { count: active.length })}
          label={t('pauseReason')}
          okText={t('pause')}
          isNeeded
          isPending={act.isPending}
          onOk={(reason) =>
            act.mutate({ what: t('bulkDone.pause'), some: active, each: pause(reason) })
          }
          onClose={() => setAsked(null)}
        />
      ) : null}
      {asked === 'move' ? (
        <Move
          project={project}
          count={count}
          isPending={act.isPending}
          onOk={(folder) =>
            act.mutate({
              what: t('bulkDone.move'),
              some: jobs,
              each: (job) => changeJob(project, job.id, { folder }),
            })
          }
          onClose={() => setAsked(null)}
        />
      ) : null}
    </div>
  );
}

interface AskProps {
  title: string;
  label: string;
  okText: string;
  isNeeded: boolean;
  isPending: boolean;
  onOk: (text: string) => void;
  onClose: () => void;
}

function Ask({ title, label, okText, isNeeded, isPending, onOk, onClose }: AskProps) {
  useOpener();
  const { t: common } = useTranslation('common');
  const [text, setText] = useState('');
  return (
    <Modal
      open
      title={title}
      okText={okText}
      cancelText={common('cancel')}
      okButtonProps={{ disabled: isNeeded && text.trim() === '', loading: isPending }}
      onOk={() => onOk(text.trim())}
      onCancel={onClose}
    >
      <Form layout="vertical" component="div">
        <Form.Item label={label} htmlFor="bulk-text" required={isNeeded}>
          <Input
            id="bulk-text"
            autoFocus
            maxLength={500}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </Form.Item>
      </Form>
    </Modal>
  );
}

interface MoveProps {
  project: string;
  count: number;
  isPending: boolean;
  onOk: (folder: string) => void;
  onClose: () => void;
}

function Move({ project, count, isPending, onOk, onClose }: MoveProps) {
  useOpener();
  const { t } = useTranslation('jobs');
  const { t: common } = useTranslation('common');
  const folders = useFolders(project);
  const [folder, setFolder] = useState('');
  const [search, setSearch] = useState('');
  const typed = search.trim().replace(/^\/+|\/+$/g, '');
  const paths = folders.items.map((it) => it.path);
  return (
    <Modal
      open
      title={t('bulk.move', { count })}
      okText={t('move')}
      cancelText={common('cancel')}
      okButtonProps={{ loading: isPending }}
      onOk={() => onOk(folder)}
      onCancel={onClose}
    >
      <Form layout="vertical" component="div">
        <Form.Item label={t('folder')} htmlFor="bulk-folder" extra={t('folderHelp')}>
          <Select
            id="bulk-folder"
            showSearch={{ onSearch: setSearch, optionFilterProp: 'value' }}
            value={folder}
            options={[
              { value: '', label: t('withoutFolder') },
              ...(typed !== '' && !paths.includes(typed)
                ? [{ value: typed, label: t('makeFolder', { path: typed }) }]
                : []),
              ...paths.map((path) => ({ value: path, label: path })),
            ]}
            onChange={setFolder}
          />
        </Form.Item>
      </Form>
    </Modal>
  );
}
