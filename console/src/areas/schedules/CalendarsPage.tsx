import { getRouteApi } from '@tanstack/react-router';
import { Table } from 'antd';
import dayjs from 'dayjs';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCalendars } from '@/api/choices';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useMay } from '@/areas/frame/project';
import { linesOf } from '@/lib/daysOff';
import { count } from '@/lib/format';
import { Loaded } from '@/ui/Loaded';
import { Nothing } from '@/ui/Nothing';
import { PageTitle } from '@/ui/PageTitle';
import { NewButton, RowButtons } from '@/ui/RowButtons';
import { useAsk } from '@/ui/useAsk';
import { CalendarDrawer } from './CalendarDrawer';
import { ScheduleTabs } from './ScheduleTabs';

const route = getRouteApi('/projects/$project/schedules/calendars');

/** So many of the days to come are shown in the list. */
const SHOWN = 4;

/** The calendars of the project: days on which schedules that name them rest. */
export function CalendarsPage() {
  const { t } = useTranslation('schedules');
  const { t: common } = useTranslation('common');
  const askFirst = useAsk();
  const { project } = route.useParams();
  const mayManage = useMay('schedulesSubmit');
  const [opened, setOpened] = useState<string | 'new' | null>(null);
  const calendars = useCalendars(project);
  const remove = useChange({
    change: async (calendar: string) => {
      const path = { project, calendar };
      const url = '/api/v1/projects/{project}/calendars/{calendar}';
      const { revision } = await answer(client.GET(url, { params: { path } }));
      const header = { 'If-Match': revision ?? '' };
      return unwrap(client.DELETE(url, { params: { path, header } }));
    },
    refresh: [['calendars', project]],
    done: t('calendars.deleted'),
  });
  const today = dayjs().format('YYYY-MM-DD');
  const next = (days: readonly string[]) => {
    const lines = linesOf(days.filter((day) => day >= today));
    return lines.slice(0, SHOWN).join(', ') + (lines.length > SHOWN ? ' …' : '');
  };

  function confirmRemoval(name: string) {
    askFirst({
      title: t('calendars.deleteTitle', { name }),
      help: t('calendars.deleteHelp'),
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
            why={t('calendars.mayNotManage')}
            label={t('calendars.new')}
            onClick={() => setOpened('new')}
          />
        }
      />
      <ScheduleTabs />
      <p>{t('calendars.intro')}</p>
      <Loaded reading={calendars}>
        {({ items }) => (
          <Table<Schemas['Calendar']>
            size="middle"
            rowKey="name"
            scroll={{ x: 'max-content' }}
            pagination={false}
            dataSource={items}
            locale={{ emptyText: <Nothing text={t('calendars.none')} /> }}
            columns={[
              { title: common('name'), dataIndex: 'name', className: 'code' },
              { title: common('description'), dataIndex: 'description' },
              {
                title: t('calendars.daysOff'),
                dataIndex: 'daysOff',
                key: 'count',
                className: 'number',
                render: (days: string[]) => count(days.length),
              },
              {
                title: t('calendars.next'),
                dataIndex: 'daysOff',
                key: 'next',
                className: 'code',
                render: (days: string[]) => next(days),
              },
              {
                title: common('actions'),
                key: 'actions',
                render: (_, { name }) => (
                  <RowButtons
                    name={name}
                    may={mayManage}
                    why={t('calendars.mayNotManage')}
                    onEdit={() => setOpened(name)}
                    onDelete={() => confirmRemoval(name)}
                  />
                ),
              },
            ]}
          />
        )}
      </Loaded>
      {opened === null ? null : (
        <CalendarDrawer
          key={opened}
          project={project}
          calendar={opened === 'new' ? null : opened}
          onClose={() => setOpened(null)}
        />
      )}
    </div>
  );
}
