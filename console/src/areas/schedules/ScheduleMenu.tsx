import { MoreOutlined } from '@ant-design/icons';
import { useNavigate } from '@tanstack/react-router';
import { Button, Dropdown, Space, Tooltip } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { useMay } from '@/areas/frame/project';
import { KINDS } from '@/lib/rule';
import { useAsk } from '@/ui/useAsk';
import { PauseDialog } from './PauseDialog';
import { useScheduleActions } from './useScheduleActions';

interface Props {
  project: string;
  schedule: Schemas['ListedSchedule'];
  onEdit: () => void;
}

const TURNS = { normal: 'normalOn', dryRun: 'dryRunOn', frozen: 'freeze' } as const;

/** What can be done with a schedule in the list. */
export function ScheduleMenu({ project, schedule, onEdit }: Props) {
  const { t } = useTranslation('schedules');
  const askFirst = useAsk();
  const navigate = useNavigate();
  const mayOperate = useMay('instancesOperate');
  const mayEdit = useMay('schedulesEdit');
  const maySubmit = useMay('schedulesSubmit');
  const mayBackfill = useMay('backfillOperate');
  const [isPausing, setPausing] = useState(false);
  const { resume, remove, turn } = useScheduleActions(project);
  const { jobId: job, jobName: name, state, rule } = schedule;
  const isDraft = state === 'draft';
  const kind = rule.kind ?? 'normal';
  const turns = KINDS.filter((other) => other !== kind).map((other) => ({
    key: other,
    label: t(TURNS[other]),
    disabled: isDraft || !mayEdit || !maySubmit,
    onClick: () =>
      askFirst({
        title: t('kindTitle', { name, kind: t(`kinds.${other}`) }),
        help: t(`kindHelp.${other}`),
        ok: t(TURNS[other]),
        act: () => turn.mutate({ job, kind: other }),
        isSafe: true,
      }),
  }));
  return (
    <Space size={0}>
      <Button type="link" size="small" aria-label={`${t('edit')} ${name}`} onClick={onEdit}>
        {t('edit')}
      </Button>
      <Tooltip title={mayOperate ? undefined : t('mayNotOperate')}>
        {state === 'paused' ? (
          <Button
            type="link"
            size="small"
            aria-label={`${t('resume')} ${name}`}
            disabled={!mayOperate}
            loading={resume.isPending}
            onClick={() => resume.mutate(job)}
          >
            {t('resume')}
          </Button>
        ) : (
          <Button
            type="link"
            size="small"
            aria-label={`${t('pause')} ${name}`}
            disabled={!mayOperate || isDraft}
            onClick={() => setPausing(true)}
          >
            {t('pause')}
          </Button>
        )}
      </Tooltip>
      <Dropdown
        trigger={['click']}
        menu={{
          items: [
            {
              key: 'instances',
              label: t('instances'),
              onClick: () =>
                void navigate({
                  to: '/projects/$project/schedules/instances',
                  params: { project },
                  search: { job },
                }),
            },
            {
              key: 'backfill',
              label: t('backfill'),
              disabled: !mayBackfill,
              onClick: () =>
                void navigate({
                  to: '/projects/$project/backfills/new',
                  params: { project },
                  search: { job },
                }),
            },
            { type: 'divider' },
            ...turns,
            { type: 'divider' },
            {
              key: 'delete',
              label: t('delete'),
              danger: true,
              disabled: !maySubmit,
              onClick: () =>
                askFirst({
                  title: t('deleteTitle', { name }),
                  help: t('deleteHelp'),
                  ok: t('delete'),
                  act: () => remove.mutateAsync(job),
                }),
            },
          ],
        }}
      >
        <Button type="text" size="small" icon={<MoreOutlined />} aria-label={t('more', { name })} />
      </Dropdown>
      {isPausing ? (
        <PauseDialog project={project} job={{ id: job, name }} onClose={() => setPausing(false)} />
      ) : null}
    </Space>
  );
}
