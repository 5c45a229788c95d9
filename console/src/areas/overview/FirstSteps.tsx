import { Link } from '@tanstack/react-router';
import { Alert, Steps } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useRead } from '@/api/hooks';
import { useDatasources } from '@/api/queries';

/** What a new project is begun with; gone as soon as something has run. */
export function FirstSteps({ project }: { project: string }) {
  const { t } = useTranslation('overview');
  const datasources = useDatasources(project);
  const params = { path: { project }, query: { limit: 1 } };
  const jobs = useRead({
    key: ['jobs', project, 'any'],
    read: (signal) => unwrap(client.GET('/api/v1/projects/{project}/jobs', { params, signal })),
  });
  const runs = useRead({
    key: ['runs', project, 'any'],
    read: (signal) => unwrap(client.GET('/api/v1/projects/{project}/runs', { params, signal })),
  });
  if (!datasources.data || !jobs.data || !runs.data || runs.data.items.length > 0) return null;
  const hasSources = datasources.data.items.length > 1;
  const hasJob = jobs.data.items.length > 0;
  const current = hasJob ? 2 : hasSources ? 1 : 0;
  return (
    <Alert
      type="info"
      style={{ marginBottom: 16 }}
      title={t('begin')}
      description={
        <Steps
          size="small"
          current={current}
          style={{ marginTop: 12 }}
          items={[
            {
              title: (
                <Link to="/projects/$project/datasources" params={{ project }}>
                  {t('addSources')}
                </Link>
              ),
              content: t('addSourcesHelp'),
            },
            {
              title: (
                <Link to="/projects/$project/new-job" params={{ project }} search={{ folder: '' }}>
                  {t('makeJob')}
                </Link>
              ),
              content: t('makeJobHelp'),
            },
            {
              title: (
                <Link to="/projects/$project/jobs" params={{ project }}>
                  {t('runIt')}
                </Link>
              ),
              content: t('runItHelp'),
            },
          ]}
        />
      }
    />
  );
}
