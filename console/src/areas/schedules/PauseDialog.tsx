import { Form, Input, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure } from '@/ui/Failure';
import { useOpener } from '@/ui/useOpener';
import { useScheduleActions } from './useScheduleActions';

interface Props {
  project: string;
  job: { id: string; name: string };
  onClose: () => void;
}

const LONGEST = 500;

/** Asks why a schedule is paused, for those who look at it later. */
export function PauseDialog({ project, job, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('schedules');
  const { t: common } = useTranslation('common');
  const [reason, setReason] = useState('');
  const { pause } = useScheduleActions(project);
  return (
    <Modal
      open
      title={t('pauseTitle', { name: job.name })}
      okText={t('pause')}
      okButtonProps={{ disabled: reason.trim() === '', loading: pause.isPending }}
      cancelText={common('cancel')}
      onOk={() => pause.mutate({ job: job.id, reason }, { onSuccess: onClose })}
      onCancel={onClose}
    >
      <p>{t('pauseHelp')}</p>
      <Form layout="vertical" component="div">
        <Form.Item label={t('reason')} htmlFor="pause-reason" extra={t('reasonHelp')} required>
          <Input.TextArea
            id="pause-reason"
            autoFocus
            autoSize={{ minRows: 2 }}
            maxLength={LONGEST}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </Form.Item>
      </Form>
      {pause.error ? <Failure message={pause.error.message} hint={pause.error.hint} /> : null}
    </Modal>
  );
}
