import { Flex, Segmented, Skeleton } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useJob } from '@/api/choices';
import { useRead } from '@/api/hooks';
import { DiffText } from '@/ui/DiffText';
import { Failure } from '@/ui/Failure';
import { Nothing } from '@/ui/Nothing';

interface Props {
  project: string;
  run: Schemas['RunDetail'];
}

type View = 'asRun' | 'published' | 'draft';

/** The script as it ran, and what is different in the job by now. */
export function Configuration({ project, run }: Props) {
  const { t } = useTranslation('runs');
  const [view, setView] = useState<View>('asRun');
  const job = useJob(project, run.jobId);
  const published = job.data?.publishedVersion ?? null;
  const draft = job.data?.draftVersion ?? null;
  const to = view === 'published' ? published : draft;
  const options: { value: View; label: string }[] = [
    { value: 'asRun', label: t('asRun', { version: run.jobVersion }) },
  ];
  if (published !== null) {
    options.push({ value: 'published', label: t('diffPublished', { version: published }) });
  }
  if (draft !== null && draft !== published) {
    options.push({ value: 'draft', label: t('diffDraft', { version: draft }) });
  }
  return (
    <Flex vertical gap={12} align="start">
      {job.error ? (
        <span className="hint">{t('jobGone')}</span>
      ) : (
        <Segmented
          aria-label={t('configuration')}
          value={view}
          options={options}
          onChange={setView}
        />
      )}
      {view === 'asRun' ? (
        <pre
          className="code script"
          style={{ alignSelf: 'stretch' }}
          tabIndex={0}
          aria-label={t('configuration')}
        >
          {run.document ?? t('noDocument')}
        </pre>
      ) : to === run.jobVersion ? (
        <Nothing text={t('sameVersion')} />
      ) : (
        <Difference project={project} job={run.jobId} from={run.jobVersion} to={to ?? 0} />
      )}
    </Flex>
  );
}

interface DifferenceProps {
  project: string;
  job: string;
  from: number;
  to: number;
}

function Difference({ project, job, from, to }: DifferenceProps) {
  const { t } = useTranslation('runs');
  const diff = useRead({
    key: ['jobs', project, 'diff', job, from, to],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs/{job}/diff', {
          params: { path: { project, job }, query: { from, to } },
          signal,
        }),
      ),
  });
  if (diff.error) return <Failure message={diff.error.message} hint={diff.error.hint} />;
  if (!diff.data) return <Skeleton active className="late" />;
  const { text, variables } = diff.data;
  return (
    <>
      {text === '' ? <p>{t('sameDocument')}</p> : <DiffText text={text} label={t('difference')} />}
      {variables.length > 0 ? (
        <dl className="resolved">
          {variables.map(({ name, before, after }) => (
            <div key={name}>
              <dt className="code">{name}</dt>
              <dd className="code">
                {before ?? '–'} → {after ?? '–'}
              </dd>
            </div>
          ))}
        </dl>
      ) : null}
    </>
  );
}
