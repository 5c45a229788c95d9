import { Select } from 'antd';
import { useState } from 'react';
import { useJob, useJobChoices } from '@/api/choices';
import { useStill } from '@/ui/useStill';

interface Props {
  project: string;
  id?: string;
  label: string;
  placeholder?: string;
  value: string | undefined;
  /** Jobs that are not offered. */
  except?: readonly string[];
  width?: number | string;
  isDisabled?: boolean;
  allowClear?: boolean;
  onChange: (job: string | undefined) => void;
}

/** Picks a job; what is typed is searched for on the server. */
export function JobSelect(props: Props) {
  const { project, id, label, placeholder, value, except = [], width = 240, onChange } = props;
  const [typed, setTyped] = useState('');
  const choices = useJobChoices(project, useStill(typed, 250));
  const items = choices.data?.items ?? [];
  const isListed = items.some((job) => job.id === value);
  const chosen = useJob(project, isListed ? undefined : value);
  const name = items.find((job) => job.id === value)?.name ?? chosen.data?.name ?? value;
  return (
    <Select
      id={id}
      aria-label={label}
      placeholder={placeholder ?? label}
      style={{ width }}
      allowClear={props.allowClear ?? false}
      disabled={props.isDisabled ?? false}
      loading={choices.isFetching}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      value={value ?? null}
      labelRender={() => name}
      options={items
        .filter((job) => !except.includes(job.id))
        .map((job) => ({
          value: job.id,
          label: job.folder ? `${job.folder}/${job.name}` : job.name,
        }))}
      onChange={(job: string | null | undefined) => onChange(job ?? undefined)}
    />
  );
}
