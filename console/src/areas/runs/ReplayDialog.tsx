import { useNavigate } from '@tanstack/react-router';
import { Checkbox, Form, Modal, Radio } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useMay } from '@/areas/frame/project';
import { Failure } from '@/ui/Failure';
import { useOpener } from '@/ui/useOpener';

interface Props {
  project: string;
  run: Schemas['RunDetail'];
  onClose: () => void;
}

/** Sends dirty rows to the target again, after what made them dirty was mended. */
export function ReplayDialog({ project, run, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('runs');
  const { t: common } = useTranslation('common');
  const navigate = useNavigate();
  const mayReplay = useMay('dirtyRowsReplay');
  const [version, setVersion] = useState<Schemas['RerunVersion']>('current');
  const [again, setAgain] = useState(false);
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const replay = useChange({
    inForm: true,
    refresh: [['runs', project, 'list']],
    change: () =>
      unwrap(
        client.POST('/api/v1/projects/{project}/runs/{run}/replay', {
          params: {
            path: { project, run: run.id },
            header: { 'Idempotency-Key': `${idempotencyKey}.${version}.${again}` },
          },
          body: { version, again },
        }),
      ),
    onDone: ({ runs }) => {
      onClose();
      const [first] = runs;
      if (!first) return;
      void navigate({ to: '/projects/$project/runs/$run', params: { project, run: first.id } });
    },
  });
  return (
    <Modal
      open
      title={t('replayTitle', { number: run.number })}
      okText={t('replay')}
      okButtonProps={{ loading: replay.isPending, disabled: !mayReplay }}
      cancelText={common('cancel')}
      onOk={() => replay.mutate()}
      onCancel={onClose}
    >
      <p>{mayReplay ? t('replayHelp') : t('mayNot')}</p>
      <Form layout="vertical" component="div">
        <Form.Item label={t('replayVersion')}>
          <Radio.Group
            aria-label={t('replayVersion')}
            vertical
            value={version}
            options={[
              { value: 'current', label: t('versionCurrent') },
              { value: 'same', label: t('versionSame', { version: run.jobVersion }) },
            ]}
            onChange={({ target }) => setVersion(target.value === 'same' ? 'same' : 'current')}
          />
        </Form.Item>
        <Checkbox checked={again} onChange={({ target }) => setAgain(target.checked)}>
          {t('replayAgain')}
        </Checkbox>
      </Form>
      {replay.error ? (
        <div style={{ marginTop: 12 }}>
          <Failure message={replay.error.message} hint={replay.error.hint} />
        </div>
      ) : null}
    </Modal>
  );
}
