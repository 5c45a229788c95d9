import { getRouteApi } from '@tanstack/react-router';
import { Card } from 'antd';
import { useTranslation } from 'react-i18next';
import { useIsAdmin } from '@/api/session';
import { Failure } from '@/ui/Failure';
import { Loading } from '@/ui/Loading';
import { PageTitle } from '@/ui/PageTitle';
import { Attention } from './Attention';
import { FirstSteps } from './FirstSteps';
import { Hours } from './Hours';
import { Recent } from './Recent';
import { ServersTile, Tiles } from './Tiles';
import { useLastDay } from './useLastDay';

const route = getRouteApi('/projects/$project');

/** How the project is doing: the last 24 hours, what needs somebody, and what ran last. */
export function OverviewPage() {
  const { t } = useTranslation('overview');
  const { project } = route.useParams();
  const isAdmin = useIsAdmin();
  const day = useLastDay(project);
  return (
    <div className="page">
      <PageTitle title={t('title')} beside={t('lastDay')} />
      <FirstSteps project={project} />
      {day.error && !day.data ? (
        <Failure
          message={day.error.message}
          hint={day.error.hint}
          requestId={day.error.requestId}
          onRetry={() => void day.refetch()}
        />
      ) : null}
      {day.isPending ? <Loading rows={6} /> : null}
      {day.data ? (
        <>
          <Tiles project={project} day={day.data}>
            {isAdmin ? <ServersTile project={project} /> : null}
          </Tiles>
          {day.data.isCut ? <p>{t('cut', { count: day.data.runs.length })}</p> : null}
        </>
      ) : null}
      <div className="overview">
        <Card size="small" title={<h2>{t('byHour')}</h2>}>
          {day.data ? <Hours runs={day.data.runs} now={day.data.now} /> : <Loading rows={5} />}
        </Card>
        <Card size="small" title={<h2>{t('attention')}</h2>}>
          <Attention project={project} runs={day.data?.runs ?? []} />
        </Card>
      </div>
      <Card size="small" title={<h2>{t('recent')}</h2>} style={{ marginTop: 16 }}>
        <Recent project={project} />
      </Card>
    </div>
  );
}
