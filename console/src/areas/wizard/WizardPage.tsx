import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Spin } from 'antd';
import { useTranslation } from 'react-i18next';
import { answer, client } from '@/api/client';
import { useRead } from '@/api/hooks';
import { readDocument } from '@/lib/document';
import { Failure } from '@/ui/Failure';
import { newDraft, type Draft } from './draft';
import { Wizard } from './Wizard';

const created = getRouteApi('/projects/$project/new-job');
const known = getRouteApi('/projects/$project/jobs/$job/wizard');

/** A new job in the wizard. */
export function NewWizardPage() {
  const { project } = created.useParams();
  const { folder } = created.useSearch();
  return <Wizard project={project} saved={null} initial={newDraft(folder)} />;
}

/** A saved job opens again as it was, every step filled. */
export function WizardPage() {
  const { t } = useTranslation('wizard');
  const { project, job } = known.useParams();
  const navigate = useNavigate();
  const found = useRead({
    key: ['jobs', project, 'one', job],
    read: (signal) =>
      answer(
        client.GET('/api/v1/projects/{project}/jobs/{job}', {
          params: { path: { project, job } },
          signal,
        }),
      ),
  });
  if (found.error) {
    return (
      <div className="page">
        <Failure
          message={found.error.message}
          hint={found.error.hint}
          requestId={found.error.requestId}
          onRetry={() => void found.refetch()}
        />
      </div>
    );
  }
  if (!found.data) return <Spin style={{ margin: 48 }} />;
  const { value, revision } = found.data;
  const document = readDocument(value.draft.document);
  if (!document || value.draft.mode !== 'wizard') {
    return (
      <div className="page">
        <Failure
          message={t('isScript')}
          hint={t('isScriptHint')}
          onRetry={() =>
            void navigate({
              to: '/projects/$project/jobs/$job/script',
              params: { project, job },
            })
          }
        />
      </div>
    );
  }
  const initial: Draft = {
    name: value.name,
    folder: value.folder,
    description: value.description,
    variables: value.draft.variables,
    document,
  };
  return (
    <Wizard
      key={job}
      project={project}
      saved={{ id: job, version: value.draftVersion, revision }}
      initial={initial}
    />
  );
}
