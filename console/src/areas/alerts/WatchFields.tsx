import { Form, Radio, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Problem } from '@/api/client';
import { useRead } from '@/api/hooks';
import { useDatasources } from '@/api/queries';
import { marked } from '@/form/problems';
import type { RuleDraft, Watch } from '@/lib/alertRule';
import { useStill } from '@/ui/useStill';

export interface PartProps {
  draft: RuleDraft;
  set: (change: Partial<RuleDraft>) => void;
  problems: readonly Problem[];
}

const WATCHES: Watch[] = ['project', 'jobs', 'schedules', 'datasources'];

/** What a rule watches. */
export function WatchFields({ project, draft, set, problems }: PartProps & { project: string }) {
  const { t } = useTranslation('alerts');
  return (
    <>
      <Form.Item label={t('watches')} htmlFor="rule-watch">
        <Radio.Group
          id="rule-watch"
          vertical
          value={draft.watch}
          options={WATCHES.map((value) => ({ value, label: t(`watch.${value}`) }))}
          onChange={(event) => set({ watch: event.target.value })}
        />
      </Form.Item>
      {draft.watch === 'jobs' || draft.watch === 'schedules' ? (
        <Form.Item
          label={t('jobs')}
          htmlFor="rule-jobs"
          required
          {...marked(problems, '/object/jobs')}
        >
          <JobPicker project={project} value={draft.jobs} onChange={(jobs) => set({ jobs })} />
        </Form.Item>
      ) : null}
      {draft.watch === 'datasources' ? (
        <Form.Item
          label={t('datasources')}
          htmlFor="rule-datasources"
          required
          {...marked(problems, '/object/datasources')}
        >
          <DatasourcePicker
            project={project}
            value={draft.datasources}
            onChange={(datasources) => set({ datasources })}
          />
        </Form.Item>
      ) : null}
    </>
  );
}

interface PickerProps {
  project: string;
  value: string[];
  onChange: (ids: string[]) => void;
}

function JobPicker({ project, value, onChange }: PickerProps) {
  const [typed, setTyped] = useState('');
  const search = useStill(typed, 250);
  const jobs = useRead({
    key: ['jobs', project, 'short', search],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs', {
          params: { path: { project }, query: { search, limit: 100 } },
          signal,
        }),
      ),
  });
  return (
    <Select
      id="rule-jobs"
      mode="multiple"
      showSearch={{ filterOption: false, onSearch: setTyped }}
      loading={jobs.isFetching}
      value={value}
      options={(jobs.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
      labelRender={({ value: id, label }) => label ?? <JobName project={project} id={String(id)} />}
      onChange={onChange}
    />
  );
}

/** The name of a job that the search has not brought up. */
function JobName({ project, id }: { project: string; id: string }) {
  const job = useRead({
    key: ['jobs', project, 'name', id],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs/{job}', {
          params: { path: { project, job: id } },
          signal,
        }),
      ),
  });
  return job.data?.name ?? id;
}

function DatasourcePicker({ project, value, onChange }: PickerProps) {
  const [typed, setTyped] = useState('');
  const search = useStill(typed, 250);
  const datasources = useDatasources(project, search);
  return (
    <Select
      id="rule-datasources"
      mode="multiple"
      showSearch={{ filterOption: false, onSearch: setTyped }}
      loading={datasources.isFetching}
      value={value}
      options={(datasources.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
      labelRender={({ value: id, label }) =>
        label ?? <DatasourceName project={project} id={String(id)} />
      }
      onChange={onChange}
    />
  );
}

function DatasourceName({ project, id }: { project: string; id: string }) {
  const datasource = useRead({
    key: ['datasources', project, 'name', id],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/datasources/{datasource}', {
          params: { path: { project, datasource: id } },
          signal,
        }),
      ),
  });
  return datasource.data?.name ?? id;
}
