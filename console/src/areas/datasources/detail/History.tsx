import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { usePages } from '@/api/pages';
import { AuditTable } from '@/ui/AuditTable';
import { Moment } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';

interface Props {
  project: string;
  datasource: string;
}

/** What was changed of a data source. The log is the project's, so it is looked through page by page. */
export function History({ project, datasource }: Props) {
  const { t } = useTranslation('datasource');
  const pages = usePages<Schemas['AuditEntry']>({
    key: ['audit', project, 'looked-through'],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/audit', {
          params: { path: { project }, query: { cursor, limit: 500 } },
          signal,
        }),
      ),
  });
  const items = pages.items.filter((entry) => entry.objectId === datasource);
  const oldest = pages.items.at(-1);
  return (
    <>
      <AuditTable pages={{ ...pages, items }} nothing={<Nothing text={t('noHistory')} />} />
      {oldest && pages.hasMore ? (
        <p>
          {t('lookedBack')} <Moment at={oldest.at} />
        </p>
      ) : null}
    </>
  );
}
