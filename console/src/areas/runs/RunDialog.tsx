import { useNavigate } from '@tanstack/react-router';
import { DatePicker, Form, Input, Modal, Select } from 'antd';
import dayjs from 'dayjs';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { useDocumentReport } from '@/api/queries';
import { Failure } from '@/ui/Failure';

interface Props {
  project: string;
  job: string;
  onClose: () => void;
}

/** Asks for the business date and the variables, shows what they become, and starts the run. */
export function RunDialog({ project, job, onClose }: Props) {
  const { t } = useTranslation('runs');
  const { t: common } = useTranslation('common');
  const navigate = useNavigate();
  const [bizdate, setBizdate] = useState(() => dayjs().subtract(1, 'day'));
  const [variables, setVariables] = useState<Record<string, string>>({});
  const [group, setGroup] = useState<string | null>(null);
  // The same press twice is the same run.
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const known = useRead({
    key: ['jobs', project, 'dialog', job],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs/{job}', {
          params: { path: { project, job } },
          signal,
        }),
      ),
  });
  const groups = useRead({
    key: ['groups', project],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/resource-groups', {
          params: { path: { project } },
          signal,
        }),
      ),
  });
  const declared = known.data?.draft.variables ?? {};
  const report = useDocumentReport(
    project,
    known.data
      ? {
          document: known.data.draft.document,
          variables: { ...declared, ...variables },
          bizdate: bizdate.format('YYYY-MM-DD'),
        }
      : null,
  );
  const start = useChange({
    inForm: true,
    refresh: [['runs', project]],
    change: () => {
      const body: Schemas['NewRun'] = {
        bizdate: bizdate.format('YYYY-MM-DD'),
        variables,
        resourceGroup: group,
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
      void navigate({
        to: '/projects/$project/runs/$run',
        params: { project, run: run.id },
      });
    },
  });
  const names = Object.keys(declared);
  const resolved = report.data?.parameters ?? [];
  return (
    <Modal
      open
      title={known.data ? t('runJob', { name: known.data.name }) : t('run')}
      okText={start.isPending ? t('starting') : t('run')}
      okButtonProps={{ loading: start.isPending, disabled: !known.data }}
      cancelText={common('cancel')}
      onOk={() => start.mutate()}
      onCancel={onClose}
    >
      <Form layout="vertical" component="div">
        <Form.Item label={t('bizdate')} htmlFor="run-bizdate">
          <DatePicker
            id="run-bizdate"
            allowClear={false}
            value={bizdate}
            onChange={(date) => setBizdate(date ?? bizdate)}
          />
        </Form.Item>
        {names.map((name) => (
          <Form.Item
            key={name}
            label={<span className="code">{name}</span>}
            htmlFor={`run-${name}`}
          >
            <Input
              id={`run-${name}`}
              className="code"
              value={variables[name] ?? declared[name] ?? ''}
              onChange={(event) => setVariables({ ...variables, [name]: event.target.value })}
            />
          </Form.Item>
        ))}
        {resolved.length > 0 ? (
          <dl className="resolved">
            {resolved.map((it) => (
              <div key={it.reference}>
                <dt className="code">{it.reference}</dt>
                <dd className="code">{it.value ?? it.error}</dd>
              </div>
            ))}
          </dl>
        ) : null}
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
        {start.error ? (
          <Failure
            message={start.error.message}
            hint={[start.error.hint, ...start.error.problems.map((it) => it.message)]
              .filter(Boolean)
              .join('\n')}
          />
        ) : null}
      </Form>
    </Modal>
  );
}
