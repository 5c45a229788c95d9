import { Button, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { usePages } from '@/api/pages';
import { useIsAdmin } from '@/api/session';
import { Ago } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { StateTag } from '@/ui/StateTag';
import { useAsk } from '@/ui/useAsk';

/** The servers of the instance. They belong to no project, so only its administrators see them. */
export function Servers() {
  const { t } = useTranslation('groups');
  const isAdmin = useIsAdmin();
  return (
    <section aria-labelledby="servers-title" style={{ marginTop: 32 }}>
      <h2 id="servers-title">{t('servers')}</h2>
      <p>{t('serversIntro')}</p>
      {isAdmin ? <ServerTable /> : <p>{t('serversAdmin')}</p>}
    </section>
  );
}

function ServerTable() {
  const { t } = useTranslation('groups');
  const { t: common } = useTranslation('common');
  const askFirst = useAsk();
  const pages = usePages<Schemas['Server']>({
    key: ['servers'],
    every: 10_000,
    read: (cursor, signal) =>
      unwrap(client.GET('/api/v1/servers', { params: { query: { cursor, limit: 100 } }, signal })),
  });
  const drain = useChange({
    change: ({ id, isDraining }: Schemas['Server']) => {
      const params = { path: { server: id } };
      return isDraining
        ? unwrap(client.POST('/api/v1/servers/{server}/undrain', { params }))
        : unwrap(client.POST('/api/v1/servers/{server}/drain', { params }));
    },
    refresh: [['servers']],
    done: ({ isDraining }) => t(isDraining ? 'drained' : 'undrained'),
  });

  function confirmDrain(server: Schemas['Server']) {
    askFirst({
      title: t('drainTitle', { name: server.address }),
      help: t('drainHelp', { count: server.running }),
      ok: t('drain'),
      act: () => drain.mutateAsync(server),
      isSafe: true,
    });
  }

  return (
    <PagedTable
      rowKey="id"
      pages={pages}
      nothing={<Nothing text={t('noServers')} />}
      columns={[
        {
          title: t('address'),
          dataIndex: 'address',
          render: (address: string, server) => (
            <>
              <span className="code">{address}</span>{' '}
              {server.isHere ? <Tag>{t('here')}</Tag> : null}
            </>
          ),
        },
        { title: common('state'), key: 'state', render: (_, server) => <State server={server} /> },
        { title: t('version'), dataIndex: 'version', className: 'code' },
        {
          title: t('slotsUsed'),
          key: 'slots',
          className: 'number',
          render: (_, server) => `${server.running} / ${server.slots}`,
        },
        {
          title: t('heartbeat'),
          dataIndex: 'heartbeatAt',
          render: (at: string) => <Ago at={at} />,
        },
        { title: t('started'), dataIndex: 'startedAt', render: (at: string) => <Ago at={at} /> },
        {
          title: common('actions'),
          key: 'actions',
          render: (_, server) => (
            <Button
              type="link"
              size="small"
              loading={drain.isPending && drain.variables.id === server.id}
              aria-label={`${t(server.isDraining ? 'undrain' : 'drain')} ${server.address}`}
              onClick={() => (server.isDraining ? drain.mutate(server) : confirmDrain(server))}
            >
              {t(server.isDraining ? 'undrain' : 'drain')}
            </Button>
          ),
        },
      ]}
    />
  );
}

function State({ server }: { server: Schemas['Server'] }) {
  const { t } = useTranslation('groups');
  if (!server.isAlive) return <StateTag tone="failed">{t('silent')}</StateTag>;
  if (server.isDraining) return <StateTag tone="warning">{t('draining')}</StateTag>;
  return <StateTag tone="succeeded">{t('ready')}</StateTag>;
}
