import { Button, DatePicker, Select } from 'antd';
import dayjs from 'dayjs';
import { useTranslation } from 'react-i18next';
import { JobSelect } from '@/form/JobSelect';
import { SavedViews } from './SavedViews';

export interface Search {
  state?: string | undefined;
  kind?: string | undefined;
  job?: string | undefined;
  bizdate?: string | undefined;
}

interface Props {
  project: string;
  search: Search;
  onChange: (change: Search) => void;
}

const NONE: Search = { state: undefined, kind: undefined, job: undefined, bizdate: undefined };
const STATES = ['queued', 'running', 'succeeded', 'failed', 'stopped'] as const;
const KINDS = ['scheduled', 'manual', 'backfill', 'trial', 'replay'] as const;

/** The filters of the list; they stand in the address. */
export function RunFilters({ project, search, onChange }: Props) {
  const { t } = useTranslation('runs');
  const { t: states } = useTranslation('states');
  const isFiltered = Object.values(search).some((value) => value !== undefined);
  return (
    <div className="filters">
      <Select
        allowClear
        style={{ width: 150 }}
        aria-label={t('state')}
        placeholder={t('state')}
        value={search.state ?? null}
        options={STATES.map((value) => ({ value, label: states(value) }))}
        onChange={(state: string | undefined) => onChange({ state })}
      />
      <JobSelect
        project={project}
        label={t('job')}
        value={search.job}
        allowClear
        onChange={(job) => onChange({ job })}
      />
      <Select
        allowClear
        style={{ width: 150 }}
        aria-label={t('kind')}
        placeholder={t('kind')}
        value={search.kind ?? null}
        options={KINDS.map((value) => ({ value, label: states(value) }))}
        onChange={(kind: string | undefined) => onChange({ kind })}
      />
      <DatePicker
        aria-label={t('bizdate')}
        placeholder={t('bizdate')}
        value={search.bizdate ? dayjs(search.bizdate) : null}
        onChange={(date) => onChange({ bizdate: date ? date.format('YYYY-MM-DD') : undefined })}
      />
      <SavedViews
        project={project}
        search={search}
        onChoose={(view) => onChange({ ...NONE, ...view })}
      />
      {isFiltered ? (
        <Button type="text" onClick={() => onChange(NONE)}>
          {t('clearFilters')}
        </Button>
      ) : null}
    </div>
  );
}
