import { DatePicker, Select } from 'antd';
import dayjs from 'dayjs';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { JobSelect } from './JobSelect';

interface Search {
  state?: string | undefined;
  job?: string | undefined;
  bizdate?: string | undefined;
}

interface Props {
  project: string;
  search: Search;
  states: readonly string[];
  onChange: (change: Search) => void;
  /** The further filters of one list. */
  children: ReactNode;
}

/** The filters that lists of runs and of instances share; they stand in the address. */
export function ListFilters({ project, search, states, onChange, children }: Props) {
  const { t } = useTranslation('runs');
  return (
    <div className="filters">
      <WordSelect
        label={t('state')}
        words={states}
        value={search.state}
        onChange={(state) => onChange({ state })}
      />
      <JobSelect
        project={project}
        label={t('job')}
        value={search.job}
        allowClear
        onChange={(job) => onChange({ job })}
      />
      <DatePicker
        aria-label={t('bizdate')}
        placeholder={t('bizdate')}
        value={search.bizdate ? dayjs(search.bizdate) : null}
        onChange={(date) => onChange({ bizdate: date ? date.format('YYYY-MM-DD') : undefined })}
      />
      {children}
    </div>
  );
}

interface WordProps {
  label: string;
  words: readonly string[];
  value: string | undefined;
  onChange: (word: string | undefined) => void;
}

/** One of the states or kinds that things can have. */
export function WordSelect({ label, words, value, onChange }: WordProps) {
  const { t } = useTranslation('states');
  return (
    <Select
      allowClear
      style={{ width: 150 }}
      aria-label={label}
      placeholder={label}
      value={value ?? null}
      options={words.map((word) => ({ value: word, label: t(word, { defaultValue: word }) }))}
      onChange={(word: string | undefined) => onChange(word)}
    />
  );
}
