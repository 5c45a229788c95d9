import { Button, Flex, Space, Switch, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useMay } from '@/areas/frame/project';
import { Ago } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { NewButton, RowButtons } from '@/ui/RowButtons';
import { useAsk } from '@/ui/useAsk';
import { useChannels, useRules } from './queries';
import { RuleDrawer } from './RuleDrawer';

const ONE = '/api/v1/projects/{project}/alert-rules/{rule}';

export function Rules({ project }: { project: string }) {
  const { t } = useTranslation('alerts');
  const { t: common } = useTranslation('common');
  const askFirst = useAsk();
  const mayManage = useMay('alertsManage');
  const [opened, setOpened] = useState<string | 'new' | null>(null);
  const pages = useRules(project);
  const channels = useChannels(project);

  /** The revision that a change has to name. */
  async function seen(rule: string) {
    const params = { path: { project, rule } };
    const { revision } = await answer(client.GET(ONE, { params }));
    return { ...params, header: { 'If-Match': revision ?? '' } };
  }
  const remove = useChange({
    change: async (rule: string) => unwrap(client.DELETE(ONE, { params: await seen(rule) })),
    refresh: [['alert-rules', project]],
    done: t('ruleDeleted'),
  });
  const enable = useChange({
    change: async ({ id, isEnabled }: Schemas['AlertRule']) => {
      const params = await seen(id);
      return isEnabled
        ? unwrap(client.POST(`${ONE}/disable`, { params }))
        : unwrap(client.POST(`${ONE}/enable`, { params }));
    },
    refresh: [['alert-rules', project]],
    done: ({ isEnabled }) => t(isEnabled ? 'ruleEnabled' : 'ruleDisabled'),
  });

  function confirmRemoval({ id, name }: Schemas['AlertRule']) {
    askFirst({
      title: t('deleteRuleTitle', { name }),
      help: t('deleteRuleHelp'),
      act: () => remove.mutateAsync(id),
    });
  }

  const nameOf = (id: string) => channels.items.find((channel) => channel.id === id)?.name ?? id;
  return (
    <>
      <Flex justify="space-between" align="start" gap={16} style={{ marginBottom: 16 }}>
        <span>{t('rulesIntro')}</span>
        <NewButton
          may={mayManage}
          why={t('mayNotManage')}
          label={t('newRule')}
          onClick={() => setOpened('new')}
        />
      </Flex>
      <PagedTable
        rowKey="id"
        pages={pages}
        nothing={
          <Nothing text={t('noRules')}>
            {mayManage ? <Button onClick={() => setOpened('new')}>{t('newRule')}</Button> : null}
          </Nothing>
        }
        columns={[
          { title: common('name'), dataIndex: 'name' },
          {
            title: t('watches'),
            dataIndex: 'object',
            render: (object) => <Watched {...{ object }} />,
          },
          {
            title: t('tells'),
            dataIndex: 'triggers',
            render: (triggers: Schemas['Spec']['triggers']) => (
              <Space size={4} wrap>
                {triggers.map((trigger) => (
                  <Tag key={trigger.kind}>
                    {t(`trigger.${trigger.kind}`)}
                    {trigger.kind === 'late' ? ` ${trigger.by}` : ''}
                    {trigger.kind === 'dirtyOver' ? ` ${trigger.rows}` : ''}
                    {trigger.kind === 'overtime' ? ` ${trigger.minutes} ${t('minutes')}` : ''}
                  </Tag>
                ))}
              </Space>
            ),
          },
          {
            title: t('channels'),
            dataIndex: 'channels',
            render: (ids: string[]) => ids.map(nameOf).join(', '),
          },
          {
            title: t('enabled'),
            dataIndex: 'isEnabled',
            render: (isEnabled: boolean, rule) => (
              <Switch
                checked={isEnabled}
                disabled={!mayManage}
                loading={enable.isPending && enable.variables.id === rule.id}
                aria-label={t('enabledOf', { name: rule.name })}
                onChange={() => enable.mutate(rule)}
              />
            ),
          },
          {
            title: common('updated'),
            dataIndex: 'updatedAt',
            render: (at: string) => <Ago at={at} />,
          },
          {
            title: common('actions'),
            key: 'actions',
            render: (_, rule) => (
              <RowButtons
                name={rule.name}
                may={mayManage}
                why={t('mayNotManage')}
                onEdit={() => setOpened(rule.id)}
                onDelete={() => confirmRemoval(rule)}
              />
            ),
          },
        ]}
      />
      {opened === null ? null : (
        <RuleDrawer
          key={opened}
          project={project}
          rule={opened === 'new' ? null : opened}
          onClose={() => setOpened(null)}
        />
      )}
    </>
  );
}

function Watched({ object }: { object: Schemas['Spec']['object'] }) {
  const { t } = useTranslation('alerts');
  switch (object.kind) {
    case 'project':
      return t('everyJob');
    case 'jobs':
      return t('someJobs', { count: object.jobs.length });
    case 'schedules':
      return t('someSchedules', { count: object.jobs.length });
    case 'datasources':
      return t('someDatasources', { count: object.datasources.length });
  }
}
