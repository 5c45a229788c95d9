import { Drawer } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client } from '@/api/client';
import { useRead } from '@/api/hooks';
import { useConnectors } from '@/api/queries';
import { Loaded } from '@/ui/Loaded';
import { useOpener } from '@/ui/useOpener';
import { DatasourceForm, EMPTY } from './DatasourceForm';
import { Gallery } from './Gallery';

interface Props {
  project: string;
  /** The one to edit; null for a new one. */
  datasource: string | null;
  onClose: () => void;
}

/** Loads what is edited, and then shows the form. */
export function DatasourceDrawer({ project, datasource, onClose }: Props) {
  useOpener();
  return datasource === null ? (
    <NewDatasource project={project} onClose={onClose} />
  ) : (
    <KnownDatasource project={project} datasource={datasource} onClose={onClose} />
  );
}

/** First the type, then its form. */
export function NewDatasource({ project, onClose }: { project: string; onClose: () => void }) {
  const { t } = useTranslation('datasources');
  const connectors = useConnectors();
  const [connector, setConnector] = useState('');
  if (connector === '') {
    return (
      <Drawer open size={720} title={t('chooseConnector')} onClose={onClose}>
        <Gallery onChoose={setConnector} />
      </Drawer>
    );
  }
  const title = connectors.data?.items.find((it) => it.name === connector)?.title ?? connector;
  return (
    <DatasourceForm
      title={`${t('new')} · ${title}`}
      project={project}
      connector={connector}
      initial={EMPTY}
      saved={null}
      lastTest={null}
      onBack={() => setConnector('')}
      onClose={onClose}
    />
  );
}

function KnownDatasource({ project, datasource, onClose }: Props & { datasource: string }) {
  const { t } = useTranslation('datasources');
  const known = useRead({
    key: ['datasources', project, 'one', datasource],
    read: (signal) =>
      answer(
        client.GET('/api/v1/projects/{project}/datasources/{datasource}', {
          params: { path: { project, datasource } },
          signal,
        }),
      ),
  });
  // What others save meanwhile must not change the form under its writer.
  const [round, setRound] = useState(0);
  if (!known.data || known.isPlaceholderData) {
    return (
      <Drawer open size={640} title={t('edit')} onClose={onClose}>
        <Loaded reading={known}>{() => null}</Loaded>
      </Drawer>
    );
  }
  const { value, revision } = known.data;
  return (
    <DatasourceForm
      key={round}
      title={`${value.name} · ${value.connector}`}
      project={project}
      connector={value.connector}
      initial={{ ...value, config: { ...value.config } }}
      saved={{ id: datasource, revision: revision ?? '' }}
      lastTest={value.lastTest ?? null}
      onReload={() => void known.refetch().then(() => setRound(round + 1))}
      onClose={onClose}
    />
  );
}
