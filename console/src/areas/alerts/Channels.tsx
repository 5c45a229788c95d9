import { App, Button, Flex, Space } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useMay } from '@/areas/frame/project';
import { Ago } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { NewButton, RowButtons } from '@/ui/RowButtons';
import { StateTag } from '@/ui/StateTag';
import { useAsk } from '@/ui/useAsk';
import { ChannelDrawer } from './ChannelDrawer';
import { useChannels } from './queries';

type Channel = Schemas['AlertChannel'];

export function Channels({ project }: { project: string }) {
  const { t } = useTranslation('alerts');
  const { t: common } = useTranslation('common');
  const { notification } = App.useApp();
  const askFirst = useAsk();
  const mayManage = useMay('alertsManage');
  const [opened, setOpened] = useState<string | 'new' | null>(null);
  const pages = useChannels(project);
  const test = useChange({
    change: ({ id }: Channel) =>
      unwrap(
        client.POST('/api/v1/projects/{project}/alert-channels/{channel}/test', {
          params: { path: { project, channel: id } },
        }),
      ),
    onDone: (result, { name }) => {
      if (result.passed) {
        notification.success({ title: t('testPassed', { name, took: result.tookMs }) });
      } else {
        const description = [result.error, result.hint].filter(Boolean).join('\n');
        notification.error({
          title: t('testFailed', { name }),
          description: <span style={{ whiteSpace: 'pre-wrap' }}>{description}</span>,
          duration: 0,
        });
      }
    },
  });
  const remove = useChange({
    change: async (channel: string) => {
      const path = { project, channel };
      const url = '/api/v1/projects/{project}/alert-channels/{channel}';
      const { revision } = await answer(client.GET(url, { params: { path } }));
      const header = { 'If-Match': revision ?? '' };
      return unwrap(client.DELETE(url, { params: { path, header } }));
    },
    refresh: [['alert-channels', project]],
    done: t('channelDeleted'),
  });

  function confirmRemoval({ id, name }: Channel) {
    askFirst({
      title: t('deleteChannelTitle', { name }),
      help: t('deleteChannelHelp'),
      act: () => remove.mutateAsync(id),
    });
  }

  return (
    <>
      <Flex justify="space-between" align="start" gap={16} style={{ marginBottom: 16 }}>
        <span>{t('channelsIntro')}</span>
        <NewButton
          may={mayManage}
          why={t('mayNotManage')}
          label={t('newChannel')}
          onClick={() => setOpened('new')}
        />
      </Flex>
      <PagedTable
        rowKey="id"
        pages={pages}
        nothing={
          <Nothing text={t('noChannels')}>
            {mayManage ? <Button onClick={() => setOpened('new')}>{t('newChannel')}</Button> : null}
          </Nothing>
        }
        columns={[
          { title: common('name'), dataIndex: 'name' },
          {
            title: t('kind'),
            dataIndex: 'kind',
            render: (kind: Channel['kind']) => t(`kinds.${kind}`),
          },
          {
            title: common('state'),
            dataIndex: 'problem',
            render: (problem: string | null) =>
              problem ? (
                <Space>
                  <StateTag tone="failed">{t('unusable')}</StateTag>
                  {problem}
                </Space>
              ) : (
                <StateTag tone="succeeded">{t('usable')}</StateTag>
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
            render: (_, channel) => (
              <RowButtons
                name={channel.name}
                may={mayManage}
                why={t('mayNotManage')}
                onEdit={() => setOpened(channel.id)}
                onDelete={() => confirmRemoval(channel)}
              >
                <Button
                  type="link"
                  size="small"
                  disabled={!mayManage}
                  loading={test.isPending && test.variables.id === channel.id}
                  aria-label={`${t('sendTest')} ${channel.name}`}
                  onClick={() => test.mutate(channel)}
                >
                  {t('sendTest')}
                </Button>
              </RowButtons>
            ),
          },
        ]}
      />
      {opened === null ? null : (
        <ChannelDrawer
          key={opened}
          project={project}
          channel={opened === 'new' ? null : opened}
          onClose={() => setOpened(null)}
        />
      )}
    </>
  );
}
