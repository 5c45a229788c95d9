import { Drawer, Skeleton } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '@/api/client';
import { useRead } from '@/api/hooks';
import { findSchedule } from '@/api/schedules';
import { Failure } from '@/ui/Failure';
import { useOpener } from '@/ui/useOpener';
import { SubmitForm } from './SubmitForm';

interface Props {
  project: string;
  job: string;
  onClose: () => void;
}

/** When a job runs and what it waits for; submitting publishes its draft and lets the schedule run it. */
export function SubmitDrawer({ project, job, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('schedules');
  // Each opening reads anew, so that nothing is written over what was never seen.
  const [opening, setOpening] = useState(() => crypto.randomUUID());
  const found = useRead({
    key: ['schedule-submit', project, job, opening],
    read: async (signal) => {
      const params = { path: { project, job } };
      const known = await answer(
        client.GET('/api/v1/projects/{project}/jobs/{job}', { params, signal }),
      );
      const schedule = await findSchedule(project, known.value, signal);
      return { job: known.value, jobRevision: known.revision ?? '', schedule };
    },
  });
  const name = found.data?.job.name;
  if (found.data && !found.isPlaceholderData) {
    return (
      <SubmitForm
        key={opening}
        title={name ? t('submitTitle', { name }) : t('schedule')}
        project={project}
        found={found.data}
        onReload={() => setOpening(crypto.randomUUID())}
        onClose={onClose}
      />
    );
  }
  return (
    <Drawer open size={840} title={t('schedule')} onClose={onClose}>
      {found.error ? (
        <Failure
          message={found.error.message}
          hint={found.error.hint}
          requestId={found.error.requestId}
          onRetry={() => void found.refetch()}
        />
      ) : (
        <Skeleton active className="late" />
      )}
    </Drawer>
  );
}
