import { PlusOutlined } from '@ant-design/icons';
import { useNavigate } from '@tanstack/react-router';
import { Button, Select } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useRead } from '@/api/hooks';
import { useSession } from '@/api/session';
import { useProject, useProjectId } from './project';

const NewProject = lazy(async () => ({ default: (await import('./NewProject')).NewProject }));

export function ProjectPicker() {
  const { t } = useTranslation('frame');
  const navigate = useNavigate();
  const session = useSession();
  const id = useProjectId();
  const current = useProject();
  const [search, setSearch] = useState('');
  const [isCreating, setCreating] = useState(false);
  const projects = useRead({
    key: ['projects', search],
    read: (signal) =>
      unwrap(client.GET('/api/v1/projects', { params: { query: { search, limit: 50 } }, signal })),
  });
  const options = (projects.data?.items ?? []).map((item) => ({
    value: item.id,
    label: item.title || item.name,
  }));
  return (
    <>
      <Select
        aria-label={t('project')}
        style={{ minWidth: 180 }}
        showSearch={{ filterOption: false, onSearch: setSearch }}
        value={id}
        labelRender={() => current.data?.title || current.data?.name || '…'}
        options={options}
        onChange={(value) =>
          void navigate({ to: '/projects/$project', params: { project: value } })
        }
      />
      {session?.account.isAdmin ? (
        <Button
          type="text"
          icon={<PlusOutlined />}
          aria-label={t('newProject')}
          onClick={() => setCreating(true)}
        />
      ) : null}
      <Suspense>
        {isCreating ? <NewProject open onClose={() => setCreating(false)} /> : null}
      </Suspense>
    </>
  );
}
