import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Button, Form, Input, Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useMay } from '@/areas/frame/project';
import { FormFailure } from '@/form/FormFailure';
import { Loaded } from '@/ui/Loaded';
import { useOpener } from '@/ui/useOpener';
import { useRevisedProject } from './ProjectForm';

/** What cannot be taken back. */
export function Danger({ project }: { project: string }) {
  const { t } = useTranslation('settings');
  const mayDelete = useMay('projectDelete');
  const known = useRevisedProject(project);
  const [isAsking, setAsking] = useState(false);
  return (
    <Loaded reading={known}>
      {({ value, revision }) => (
        <>
          <p>{t('deleteProjectHelp')}</p>
          {mayDelete ? null : <p>{t('mayNotDelete')}</p>}
          <Button danger disabled={!mayDelete} onClick={() => setAsking(true)}>
            {t('deleteProject')}
          </Button>
          {isAsking ? (
            <DeleteProject
              project={value}
              revision={revision ?? ''}
              onReload={() => void known.refetch()}
              onClose={() => setAsking(false)}
            />
          ) : null}
        </>
      )}
    </Loaded>
  );
}

interface Props {
  project: Schemas['EnteredProject'];
  revision: string;
  onReload: () => void;
  onClose: () => void;
}

/** Asks for the name, so that nobody deletes another project than they mean. */
function DeleteProject({ project, revision, onReload, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation('common');
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [typed, setTyped] = useState('');
  const remove = useChange({
    inForm: true,
    done: t('projectDeleted'),
    change: () =>
      unwrap(
        client.DELETE('/api/v1/projects/{project}', {
          params: { path: { project: project.id }, header: { 'If-Match': revision } },
        }),
      ),
    onDone: () => {
      queries.removeQueries({ queryKey: ['projects'] });
      void navigate({ to: '/' });
    },
  });
  return (
    <Modal
      open
      title={t('deleteProjectTitle', { name: project.name })}
      okText={t('deleteProject')}
      okButtonProps={{ danger: true, disabled: typed !== project.name }}
      cancelText={common('cancel')}
      confirmLoading={remove.isPending}
      onOk={() => remove.mutate()}
      onCancel={onClose}
    >
      <Form layout="vertical" onFinish={() => typed === project.name && remove.mutate()}>
        <FormFailure error={remove.error} onReload={onReload} />
        <p>{t('deleteProjectHelp')}</p>
        <Form.Item label={t('typeName', { name: project.name })} htmlFor="delete-project">
          <Input
            id="delete-project"
            autoFocus
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </Form.Item>
      </Form>
    </Modal>
  );
}
