import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { usePages } from '@/api/pages';
import { AuditTable } from '@/ui/AuditTable';

/** Who did what: in a project, or in the whole instance. */
export function Audit({ project }: { project: string | null }) {
  const { t } = useTranslation('settings');
  const pages = usePages<Schemas['AuditEntry']>({
    key: ['audit', project],
    read: (cursor, signal) => {
      const query = { cursor, limit: 50 };
      return project === null
        ? unwrap(client.GET('/api/v1/audit', { params: { query }, signal }))
        : unwrap(
            client.GET('/api/v1/projects/{project}/audit', {
              params: { path: { project }, query },
              signal,
            }),
          );
    },
  });
  return (
    <>
      <p>{t(project === null ? 'instanceAuditIntro' : 'auditIntro')}</p>
      <AuditTable pages={pages} />
    </>
  );
}
