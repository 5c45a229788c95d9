import { Button, DatePicker, Select } from 'antd';
import dayjs from 'dayjs';
import { useTranslation } from 'react-i18next';
import { useGroups, useMembers } from '@/api/choices';
import { ListFilters, WordSelect } from '@/form/ListFilters';
import { instantOf } from '@/lib/time';
import { SavedViews } from './SavedViews';

export interface Search {
  state?: string | undefined;
  kind?: string | undefined;
  job?: string | undefined;
  bizdate?: string | undefined;
  group?: string | undefined;
  owner?: string | undefined;
  /** The first and the last day on which a run may have started, in the reader's zone. */
  from?: string | undefined;
  to?: string | undefined;
}

interface Props {
  project: string;
  search: Search;
  onChange: (change: Search) => void;
}

const NONE: Search = {
  state: undefined,
  kind: undefined,
  job: undefined,
  bizdate: undefined,
  group: undefined,
  owner: undefined,
  from: undefined,
  to: undefined,
};
const STATES = ['queued', 'running', 'succeeded', 'failed', 'stopped'] as const;
const KINDS = ['scheduled', 'manual', 'backfill', 'trial', 'replay'] as const;
const DATE = 'YYYY-MM-DD';

const day = (date: string | undefined) => (date ? dayjs(date) : null);

/** The filters as the server is asked. */
export function askedOf({ group, owner, from, to, ...same }: Search, zone: string) {
  const start = (date: string, days: number) =>
    instantOf(dayjs(date).add(days, 'day').format(`${DATE}T00:00:00`), zone).toISOString();
  return {
    ...same,
    resourceGroup: group,
    createdBy: owner,
    startedFrom: from === undefined ? undefined : start(from, 0),
    startedTo: to === undefined ? undefined : start(to, 1),
  };
}

/** The filters of the list; they stand in the address. */
export function RunFilters({ project, search, onChange }: Props) {
  const { t } = useTranslation('runs');
  const { t: common } = useTranslation('common');
  const groups = useGroups(project);
  const members = useMembers(project);
  const isFiltered = Object.values(search).some((value) => value !== undefined);
  return (
    <ListFilters project={project} search={search} states={STATES} onChange={onChange}>
      <DatePicker.RangePicker
        aria-label={t('started')}
        style={{ width: 260 }}
        allowEmpty={[true, true]}
        placeholder={[t('startedFrom'), t('startedTo')]}
        value={[day(search.from), day(search.to)]}
        onChange={(days) =>
          onChange({ from: days?.[0]?.format(DATE), to: days?.[1]?.format(DATE) })
        }
      />
      <WordSelect
        label={t('kind')}
        words={KINDS}
        value={search.kind}
        onChange={(kind) => onChange({ kind })}
      />
      <Select
        allowClear
        style={{ width: 160 }}
        aria-label={t('group')}
        placeholder={t('group')}
        value={search.group ?? null}
        options={groups.data?.items.map(({ name }) => ({ value: name, label: name }))}
        onChange={(group: string | undefined) => onChange({ group })}
      />
      <Select
        allowClear
        showSearch={{ optionFilterProp: 'label' }}
        style={{ width: 160 }}
        aria-label={common('owner')}
        placeholder={common('owner')}
        value={search.owner ?? null}
        options={members.data?.items.map(({ accountId, name }) => ({
          value: accountId,
          label: name,
        }))}
        onChange={(owner: string | undefined) => onChange({ owner })}
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
    </ListFilters>
  );
}
