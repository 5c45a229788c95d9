import { Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useJobChoices } from '@/api/choices';
import { useStill } from '@/ui/useStill';
import { JobName } from './JobName';

interface Props {
  id: string;
  project: string;
  value: string[];
  onChange: (jobs: string[]) => void;
}

/** Picks jobs; those without a published version are shown and cannot be chosen. */
export function JobsField({ id, project, value, onChange }: Props) {
  const { t } = useTranslation('backfills');
  const [typed, setTyped] = useState('');
  const choices = useJobChoices(project, useStill(typed, 250));
  return (
    <Select
      id={id}
      mode="multiple"
      placeholder={t('chooseJobs')}
      loading={choices.isFetching}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      value={value}
      labelRender={namedIn(project)}
      options={(choices.data?.items ?? []).map((job) => {
        const isPublished = typeof job.publishedVersion === 'number';
        return {
          value: job.id,
          label: isPublished ? job.name : t('notPublished', { name: job.name }),
          disabled: !isPublished,
        };
      })}
      onChange={onChange}
    />
  );
}

/** A chosen job may not be among those that are offered, so its name is asked for. */
const namedIn =
  (project: string) =>
  ({ value }: { value?: string | number }) => <JobName project={project} job={String(value)} />;
