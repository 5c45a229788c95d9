import { Alert, Button, Modal } from 'antd';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { usePages } from '@/api/pages';
import { Failure } from '@/ui/Failure';
import { Loading } from '@/ui/Loading';
import { useOpener } from '@/ui/useOpener';
import { JobLink } from './JobLink';

interface Props {
  project: string;
  item: Pick<Schemas['DatasourceItem'], 'id' | 'name'>;
  onClose: () => void;
}

/** Deletes a data source that no job uses; for one that is used, it lists the jobs instead. */
export function DeleteDialog({ project, item, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('datasources');
  const { t: common } = useTranslation('common');
  const users = usePages<Schemas['DatasourceUser']>({
    key: ['datasources', project, 'users', item.id],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/datasources/{datasource}/users', {
          params: { path: { project, datasource: item.id }, query: { cursor, limit: 50 } },
          signal,
        }),
      ),
  });
  const remove = useChange({
    inForm: true,
    refresh: [['datasources', project]],
    done: t('deleted'),
    onDone: onClose,
    change: async () => {
      const url = '/api/v1/projects/{project}/datasources/{datasource}';
      const path = { project, datasource: item.id };
      const { revision } = await answer(client.GET(url, { params: { path } }));
      const header = { 'If-Match': revision ?? '' };
      return unwrap(client.DELETE(url, { params: { path, header } }));
    },
  });
  const isUsed = users.items.length > 0;
  const failure = remove.error ?? users.error;
  return (
    <Modal
      open
      title={t(isUsed ? 'notDeleted' : 'deleteTitle', { name: item.name })}
      okText={common('delete')}
      okButtonProps={{
        danger: true,
        loading: remove.isPending,
        disabled: users.isPending,
        style: isUsed ? { display: 'none' } : {},
      }}
      cancelText={isUsed ? common('close') : common('cancel')}
      onOk={() => remove.mutate()}
      onCancel={onClose}
    >
      {failure ? (
        <Failure
          message={failure.message}
          hint={failure.hint}
          requestId={failure.requestId}
          onRetry={users.error ? users.again : undefined}
        />
      ) : null}
      {users.isPending ? (
        <Loading rows={2} />
      ) : isUsed ? (
        <>
          <Alert type="warning" showIcon title={t('usedBy')} />
          <ul>
            {users.items.map((user) => (
              <li key={user.jobId}>
                <JobLink project={project} job={user.jobId} name={user.jobName} />
              </li>
            ))}
          </ul>
          {users.hasMore ? <Button onClick={users.more}>{common('loadMore')}</Button> : null}
        </>
      ) : (
        <p>{t('deleteHelp')}</p>
      )}
    </Modal>
  );
}
