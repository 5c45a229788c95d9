import { getRouteApi, Link } from '@tanstack/react-router';
import { Flex, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { usePages } from '@/api/pages';
import { Ago, Moment } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { StateTag, type Tone } from '@/ui/StateTag';
import { useRules } from './queries';
import { MoreHeading } from '@/ui/MoreHeading';

const route = getRouteApi('/projects/$project/alerts');

type Alert = Schemas['Listed_Alert']['items'][number];
type State = Schemas['AlertState'];
type Event = Alert['message']['events'][number];

const TONES: Record<State, Tone> = {
  waiting: 'waiting',
  sending: 'running',
  sent: 'succeeded',
  failed: 'failed',
  dropped: 'stopped',
};
const STATES: State[] = ['waiting', 'sending', 'sent', 'failed', 'dropped'];

/** What was told, to whom, and what came of it. */
export function History({ project }: { project: string }) {
  const { t } = useTranslation('alerts');
  const { t: common } = useTranslation('common');
  const { state, rule } = route.useSearch();
  const navigate = route.useNavigate();
  const rules = useRules(project);
  const pages = usePages<Alert>({
    key: ['alerts', project, 'list', state, rule],
    every: 10_000,
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/alerts', {
          params: { path: { project }, query: { state, rule, cursor, limit: 50 } },
          signal,
        }),
      ),
  });
  return (
    <>
      <div className="filters">
        <Select
          allowClear
          style={{ width: 160 }}
          aria-label={common('state')}
          placeholder={common('state')}
          value={state ?? null}
          options={STATES.map((value) => ({ value, label: t(`state.${value}`) }))}
          onChange={(value: State | undefined) =>
            void navigate({ search: (known) => ({ ...known, state: value }) })
          }
        />
        <Select
          allowClear
          style={{ width: 220 }}
          aria-label={t('rule')}
          placeholder={t('rule')}
          value={rule ?? null}
          options={rules.items.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(value: string | undefined) =>
            void navigate({ search: (known) => ({ ...known, rule: value }) })
          }
        />
      </div>
      <PagedTable
        rowKey="id"
        pages={pages}
        nothing={<Nothing text={state || rule ? t('noneFound') : t('noAlerts')} />}
        expandable={{
          columnTitle: <MoreHeading />,
          expandedRowRender: (alert) => <Events project={project} alert={alert} />,
        }}
        columns={[
          { title: t('when'), dataIndex: 'createdAt', render: (at: string) => <Moment at={at} /> },
          {
            title: t('what'),
            key: 'what',
            render: (_, { message }) => (
              <>
                {message.events[0] ? <Sentence event={message.events[0]} /> : null}
                {message.count > 1 ? ` ${t('andMore', { count: message.count - 1 })}` : null}
              </>
            ),
          },
          {
            title: t('rule'),
            key: 'rule',
            render: (_, { message }) => message.rule?.name ?? t('byHand'),
          },
          { title: t('channel'), key: 'channel', render: (_, { message }) => message.channel.name },
          {
            title: common('state'),
            dataIndex: 'state',
            render: (_, alert) => <Outcome alert={alert} />,
          },
          { title: t('attempts'), dataIndex: 'attempts', className: 'number' },
        ]}
      />
    </>
  );
}

/** What has become of a message. */
function Outcome({ alert }: { alert: Alert }) {
  const { t } = useTranslation('alerts');
  const state = STATES.find((it) => it === alert.state) ?? 'waiting';
  return (
    <Flex vertical gap={4}>
      <span>
        <StateTag tone={TONES[state]}>{t(`state.${state}`)}</StateTag>
      </span>
      {alert.error ? <small className="wrap">{alert.error}</small> : null}
      {alert.nextAt && state === 'waiting' && alert.attempts > 0 ? (
        <small>
          {t('nextAttempt')} <Ago at={alert.nextAt} />
        </small>
      ) : null}
    </Flex>
  );
}

/** What happened, in a few words. */
function Sentence({ event }: { event: Event }) {
  const { t } = useTranslation('alerts');
  const name = event.job?.name ?? event.datasource?.name ?? '';
  return (
    <>
      {t(`event.${event.kind}`)} {name ? <strong>{name}</strong> : null}
      {event.bizdate ? ` · ${event.bizdate}` : null}
    </>
  );
}

/** The events of a message, each with the way to what it is about. */
function Events({ project, alert }: { project: string; alert: Alert }) {
  const { t } = useTranslation('alerts');
  const { count, events } = alert.message;
  return (
    <>
      <ul className="events">
        {events.map((event, index) => (
          // An event has no name but its place in the message.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={index}>
            <Moment at={event.at} /> <Sentence event={event} />{' '}
            {event.run ? (
              <Link to="/projects/$project/runs/$run" params={{ project, run: event.run.id }}>
                {t('run', { number: event.run.number })}
              </Link>
            ) : null}
            {!event.run && event.datasource ? (
              <Link
                to="/projects/$project/datasources/$datasource"
                params={{ project, datasource: event.datasource.id }}
              >
                {t('openDatasource')}
              </Link>
            ) : null}
            {event.error ? <div>{event.error}</div> : null}
          </li>
        ))}
      </ul>
      {count > events.length ? <p>{t('unlisted', { count: count - events.length })}</p> : null}
    </>
  );
}
