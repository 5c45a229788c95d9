import { getRouteApi, Link } from '@tanstack/react-router';
import { Table } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useGroups } from '@/api/queries';
import { useMay } from '@/areas/frame/project';
import { count } from '@/lib/format';
import { Loaded } from '@/ui/Loaded';
import { PageTitle } from '@/ui/PageTitle';
import { NewButton, RowButtons } from '@/ui/RowButtons';
import { useAsk } from '@/ui/useAsk';
import { GroupDrawer } from './GroupDrawer';
import { Servers } from './Servers';
import { useRunning } from './useRunning';

const route = getRouteApi('/projects/$project/groups');

/** Where runs happen: the groups of the project, and the servers that do the work. */
export function GroupsPage() {
  const { t } = useTranslation('groups');
  const { t: common } = useTranslation('common');
  const askFirst = useAsk();
  const { project } = route.useParams();
  const mayManage = useMay('resourceGroupsManage');
  const [opened, setOpened] = useState<string | 'new' | null>(null);
  const groups = useGroups(project);
  const running = useRunning(project);
  const remove = useChange({
    change: async (group: string) => {
      const path = { project, group };
      const url = '/api/v1/projects/{project}/resource-groups/{group}';
      const { revision } = await answer(client.GET(url, { params: { path } }));
      const header = { 'If-Match': revision ?? '' };
      return unwrap(client.DELETE(url, { params: { path, header } }));
    },
    refresh: [['groups', project]],
    done: t('deleted'),
  });

  function confirmRemoval(name: string) {
    askFirst({
      title: t('deleteTitle', { name }),
      help: t('deleteHelp'),
      act: () => remove.mutateAsync(name),
    });
  }

  return (
    <div className="page">
      <PageTitle
        title={t('title')}
        actions={
          <NewButton
            may={mayManage}
            why={t('mayNotManage')}
            label={t('new')}
            onClick={() => setOpened('new')}
          />
        }
      />
      <p>{t('intro')}</p>
      <Loaded reading={groups}>
        {({ items }) => (
          <Table<Schemas['ResourceGroup']>
            size="middle"
            rowKey="name"
            scroll={{ x: 'max-content' }}
            pagination={false}
            dataSource={items}
            columns={[
              {
                title: common('name'),
                dataIndex: 'name',
                render: (group: string) => (
                  <Link
                    to="/projects/$project/groups/$group"
                    params={{ project, group }}
                    className="code"
                  >
                    {group}
                  </Link>
                ),
              },
              { title: common('description'), dataIndex: 'description' },
              {
                title: t('runningNow'),
                key: 'running',
                className: 'number',
                render: (_, group) => running?.get(group.name) ?? (running ? 0 : '…'),
              },
              {
                title: t('slots'),
                dataIndex: 'slots',
                className: 'number',
                render: (slots: number) => (slots === 0 ? t('noLimit') : count(slots)),
              },
              {
                title: t('egress'),
                dataIndex: 'egress',
                className: 'code',
                render: (egress: string[]) =>
                  egress.length > 3
                    ? `${egress.slice(0, 3).join(', ')} … (${egress.length})`
                    : egress.join(', '),
              },
              {
                title: common('actions'),
                key: 'actions',
                render: (_, group) => (
                  <RowButtons
                    name={group.name}
                    may={mayManage}
                    why={t('mayNotManage')}
                    stays={group.name === 'default' ? t('defaultStays') : undefined}
                    onEdit={() => setOpened(group.name)}
                    onDelete={() => confirmRemoval(group.name)}
                  />
                ),
              },
            ]}
          />
        )}
      </Loaded>
      <Servers />
      {opened === null ? null : (
        <GroupDrawer
          key={opened}
          project={project}
          group={opened === 'new' ? null : opened}
          onClose={() => setOpened(null)}
        />
      )}
    </div>
  );
}
