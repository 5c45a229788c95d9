import { Link } from '@tanstack/react-router';
import { Alert } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { Moment } from '@/ui/Moment';
import { RunState } from '@/ui/RunState';

interface Props {
  project: string;
  waits: Schemas['WaitsFor'][];
}

const SHOWN = 5;

/** Everything that keeps an instance from running, in words. */
export function WaitList({ project, waits }: Props) {
  const { t } = useTranslation('schedules');
  const upstream = waits.filter((wait) => wait.kind === 'upstream');
  const others = waits.filter((wait) => wait.kind !== 'upstream');
  return (
    <Alert
      style={{ marginBottom: 16 }}
      type="info"
      showIcon
      title={t('waitsFor')}
      description={
        <ul style={{ margin: 0, paddingInlineStart: 20 }}>
          {[...others, ...upstream.slice(0, SHOWN)].map((wait) => (
            <li key={JSON.stringify(wait)}>
              {t(`waitKinds.${wait.kind}`)} <Detail project={project} wait={wait} />
            </li>
          ))}
          {upstream.length > SHOWN ? (
            <li>{t('moreUpstream', { count: upstream.length - SHOWN })}</li>
          ) : null}
        </ul>
      }
    />
  );
}

function Detail({ project, wait }: { project: string; wait: Schemas['WaitsFor'] }) {
  const { t } = useTranslation('schedules');
  switch (wait.kind) {
    case 'time':
    case 'repetition':
      return <Moment at={wait.at} />;
    case 'paused':
      return wait.reason;
    case 'upstream': {
      const text = `${wait.jobName} ${wait.cycleAt.replace('T', ' ')}`;
      return (
        <>
          {wait.instanceId ? (
            <Link
              to="/projects/$project/schedules/instances/$instance"
              params={{ project, instance: wait.instanceId }}
            >
              {text}
            </Link>
          ) : (
            text
          )}{' '}
          {wait.state ? <RunState state={wait.state} /> : `(${t('notMade')})`}
        </>
      );
    }
    default:
      return null;
  }
}
