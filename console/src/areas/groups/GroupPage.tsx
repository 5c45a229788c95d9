import { getRouteApi, Link } from '@tanstack/react-router';
import { Button, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useRead } from '@/api/hooks';
import { useMay } from '@/areas/frame/project';
import { count } from '@/lib/format';
import { Loaded } from '@/ui/Loaded';
import { PageTitle } from '@/ui/PageTitle';
import { Tile } from '@/ui/Tile';
import { GroupDrawer } from './GroupDrawer';
import { Datasources, Schedules } from './Users';
import { useRunning } from './useRunning';

const route = getRouteApi('/projects/$project/groups/$group');

/** A group: the addresses to admit, and what uses it. */
export function GroupPage() {
  const { t } = useTranslation('groups');
  const { t: common } = useTranslation('common');
  const { project, group: name } = route.useParams();
  const mayManage = useMay('resourceGroupsManage');
  const [isEditing, setEditing] = useState(false);
  const running = useRunning(project);
  const group = useRead({
    key: ['groups', project, 'shown', name],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/resource-groups/{group}', {
          params: { path: { project, group: name } },
          signal,
        }),
      ),
  });
  return (
    <div className="page">
      <Link to="/projects/$project/groups" params={{ project }}>
        ← {t('title')}
      </Link>
      <PageTitle
        name={name}
        title={<span className="title-name">{name}</span>}
        beside={group.data?.description}
        actions={
          <Button
            disabled={!mayManage}
            title={mayManage ? undefined : t('mayNotManage')}
            onClick={() => setEditing(true)}
          >
            {common('edit')}
          </Button>
        }
      />
      <Loaded reading={group}>
        {({ slots, egress }) => (
          <>
            <div className="tiles">
              <Tile title={t('runningNow')} value={running?.get(name) ?? (running ? 0 : '…')} />
              <Tile title={t('slots')} value={slots === 0 ? t('noLimit') : count(slots)} />
            </div>
            <section aria-labelledby="admit-title">
              <h2 id="admit-title">{t('admit')}</h2>
              {egress.length === 0 ? (
                <p>{t('noEgress')}</p>
              ) : (
                <>
                  <p>{t('admitHelp')}</p>
                  <Typography.Paragraph
                    code
                    copyable={{ text: egress.join(','), tooltips: [t('copy'), t('copied')] }}
                  >
                    {egress.join(', ')}
                  </Typography.Paragraph>
                </>
              )}
            </section>
          </>
        )}
      </Loaded>
      <Datasources project={project} group={name} />
      <Schedules project={project} group={name} />
      {isEditing ? (
        <GroupDrawer project={project} group={name} onClose={() => setEditing(false)} />
      ) : null}
    </div>
  );
}
