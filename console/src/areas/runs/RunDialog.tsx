import { useNavigate } from '@tanstack/react-router';
import { Collapse, DatePicker, Flex, Form, Input, InputNumber, Modal, Radio, Select } from 'antd';
import dayjs from 'dayjs';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useGroups, useJob } from '@/api/choices';
import { useChange, useRead } from '@/api/hooks';
import { useDocumentReport } from '@/api/queries';
import { useMay } from '@/areas/frame/project';
import { dateIn } from '@/lib/time';
import { Failure } from '@/ui/Failure';
import { usePreferences } from '@/ui/preferences';
import { useStill } from '@/ui/useStill';
import { useOpener } from '@/ui/useOpener';
import { Resolved } from './Resolved';

interface Props {
  project: string;
  job: string;
  onClose: () => void;
}

const DATE = 'YYYY-MM-DD';

/** Asks for the version, the business date and the variables, shows what they become, and starts the run. */
export function RunDialog({ project, job, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('runs');
  const { t: common } = useTranslation('common');
  const navigate = useNavigate();
  const { zone } = usePreferences();
  const mayStart = useMay('runsStart');
  const mayTry = useMay('runsTrial');
  const [picked, setPicked] = useState<'manual' | 'trial' | null>(null);
  const [bizdate, setBizdate] = useState(() => dateIn(zone, -1));
  const [variables, setVariables] = useState<Record<string, string>>({});
  const [group, setGroup] = useState<string | null>(null);
  const [priority, setPriority] = useState(5);
  const [minutes, setMinutes] = useState<number | null>(null);
  const [limitRows, setLimitRows] = useState<number | null>(null);
  // The same press twice is the same run.
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const known = useJob(project, job);
  const groups = useGroups(project);
  const published = known.data?.publishedVersion ?? null;
  const draft = known.data?.draftVersion ?? 0;
  const usual = published !== null && mayStart ? 'manual' : 'trial';
  const kind = picked ?? usual;
  const isLive = kind === 'manual' && published !== null && published !== draft;
  const live = useRead({
    key: ['jobs', project, 'version', job, published],
    enabled: isLive,
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs/{job}/versions/{number}', {
          params: { path: { project, job, number: published ?? 0 } },
          signal,
        }),
      ),
  });
  const version = isLive ? live.data : known.data?.draft;
  const declared = version?.variables ?? {};
  const asked = useStill(variables, 300);
  const report = useDocumentReport(
    project,
    version
      ? {
          document: version.document,
          variables: { ...declared, ...asked },
          bizdate,
        }
      : null,
  );
  const start = useChange({
    inForm: true,
    refresh: [
      ['runs', project, 'list'],
      ['jobs', project],
    ],
    change: () => {
      const body: Schemas['NewRun'] = {
        kind,
        bizdate,
        variables,
        resourceGroup: group,
        priority,
        ...(kind === 'trial' && limitRows !== null ? { limitRows } : {}),
        ...(minutes === null ? {} : { options: { timeoutMinutes: minutes } }),
      };
      return unwrap(
        client.POST('/api/v1/projects/{project}/jobs/{job}/runs', {
          params: { path: { project, job }, header: { 'Idempotency-Key': idempotencyKey } },
          body,
        }),
      );
    },
    onDone: (run) => {
      onClose();
      void navigate({ to: '/projects/$project/runs/$run', params: { project, run: run.id } });
    },
  });
  const may = kind === 'manual' ? mayStart : mayTry;
  const problems = (start.error?.problems ?? []).map((it) => `${it.pointer} ${it.message}`);
  return (
    <Modal
      open
      width={640}
      title={known.data ? t('runJob', { name: known.data.name }) : t('run')}
      okText={start.isPending ? t('starting') : t('run')}
      okButtonProps={{ loading: start.isPending, disabled: !known.data || !may }}
      cancelText={common('cancel')}
      onOk={() => start.mutate()}
      onCancel={onClose}
    >
      {known.error ? (
        <Failure
          message={known.error.message}
          hint={known.error.hint}
          onRetry={() => void known.refetch()}
        />
      ) : null}
      <Form layout="vertical" component="div">
        <Form.Item label={t('version')} help={may ? undefined : t('mayNot')}>
          <Radio.Group
            aria-label={t('version')}
            vertical
            value={kind}
            options={[
              {
                value: 'manual',
                label:
                  published === null
                    ? t('notPublished')
                    : t('publishedVersion', { version: published }),
                disabled: published === null || !mayStart,
              },
              { value: 'trial', label: t('draftVersion', { version: draft }), disabled: !mayTry },
            ]}
            onChange={({ target }) => setPicked(target.value === 'trial' ? 'trial' : 'manual')}
          />
        </Form.Item>
        {kind === 'trial' ? (
          <Form.Item label={t('limitRows')} htmlFor="run-limit" extra={t('limitRowsHelp')}>
            <InputNumber
              id="run-limit"
              style={{ width: 180 }}
              min={1}
              max={1_000_000}
              placeholder={t('allRows')}
              value={limitRows}
              onChange={setLimitRows}
            />
          </Form.Item>
        ) : null}
        <Form.Item label={t('bizdate')} htmlFor="run-bizdate" extra={t('bizdateHelp')}>
          <DatePicker
            id="run-bizdate"
            allowClear={false}
            value={dayjs(bizdate)}
            onChange={(date) => date && setBizdate(date.format(DATE))}
          />
        </Form.Item>
        {Object.keys(declared).map((name) => (
          <Form.Item
            key={name}
            label={<span className="code">{name}</span>}
            htmlFor={`run-${name}`}
          >
            <Input
              id={`run-${name}`}
              className="code"
              placeholder={declared[name]}
              value={variables[name] ?? declared[name] ?? ''}
              onChange={(event) => setVariables({ ...variables, [name]: event.target.value })}
            />
          </Form.Item>
        ))}
        <Resolved
          parameters={report.data?.parameters ?? []}
          problems={report.data?.variableProblems ?? []}
        />
        <Form.Item label={t('resourceGroup')} htmlFor="run-group">
          <Select
            id="run-group"
            allowClear
            placeholder={t('groupOfJob')}
            value={group}
            options={groups.data?.items.map((it) => ({ value: it.name, label: it.name }))}
            onChange={(value: string | undefined) => setGroup(value ?? null)}
          />
        </Form.Item>
        <Collapse
          ghost
          items={[
            {
              key: 'more',
              label: t('advanced'),
              children: (
                <Flex gap={16} wrap>
                  <Form.Item label={t('priority')} htmlFor="run-priority">
                    <InputNumber
                      id="run-priority"
                      min={1}
                      max={9}
                      value={priority}
                      onChange={(value) => setPriority(value ?? 5)}
                    />
                  </Form.Item>
                  <Form.Item label={t('timeout')} htmlFor="run-timeout">
                    <InputNumber
                      id="run-timeout"
                      style={{ width: 180 }}
                      min={1}
                      max={10_080}
                      placeholder={t('noLimit')}
                      suffix={t('minutes')}
                      value={minutes}
                      onChange={setMinutes}
                    />
                  </Form.Item>
                </Flex>
              ),
            },
          ]}
        />
        {start.error ? (
          <Failure
            message={start.error.message}
            hint={[start.error.hint, ...problems].filter(Boolean).join('\n')}
            requestId={start.error.requestId}
          />
        ) : null}
      </Form>
    </Modal>
  );
}
