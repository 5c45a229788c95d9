import { MoreOutlined } from '@ant-design/icons';
import { Button, Dropdown, Tooltip } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { useMay } from '@/areas/frame/project';
import { useInstanceActions } from './useInstanceActions';

interface Props {
  project: string;
  instance: Schemas['Instance'];
}

/** The actions of an instance as buttons of its page. */
export function InstanceButtons({ project, instance }: Props) {
  const { t } = useTranslation('schedules');
  const mayOperate = useMay('instancesOperate');
  const { actions, isBusy } = useInstanceActions(project, instance);
  return (
    <Tooltip title={mayOperate ? undefined : t('mayNotOperate')}>
      <span style={{ display: 'contents' }}>
        {actions.map(({ key, label, isDanger, run }) => (
          <Button key={key} danger={isDanger} disabled={!mayOperate || isBusy} onClick={run}>
            {label}
          </Button>
        ))}
      </span>
    </Tooltip>
  );
}

/** The same in a row of a list. */
export function InstanceMenu({ project, instance }: Props) {
  const { t } = useTranslation('schedules');
  const mayOperate = useMay('instancesOperate');
  const { actions, isBusy } = useInstanceActions(project, instance);
  const name = `${instance.jobName} ${instance.cycleAt.replace('T', ' ')}`;
  return (
    <Tooltip title={mayOperate ? undefined : t('mayNotOperate')}>
      <Dropdown
        trigger={['click']}
        disabled={!mayOperate || actions.length === 0}
        menu={{
          items: actions.map(({ key, label, isDanger, run }) => ({
            key,
            label,
            danger: isDanger,
            onClick: run,
          })),
        }}
      >
        <Button
          type="text"
          size="small"
          icon={<MoreOutlined />}
          loading={isBusy}
          aria-label={t('more', { name })}
        />
      </Dropdown>
    </Tooltip>
  );
}
