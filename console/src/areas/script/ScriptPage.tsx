import { getRouteApi } from '@tanstack/react-router';
import { Spin } from 'antd';
import { answer, client } from '@/api/client';
import { useRead } from '@/api/hooks';
import { Failure } from '@/ui/Failure';
import { Script } from './Script';

const created = getRouteApi('/projects/$project/new-script');
const known = getRouteApi('/projects/$project/jobs/$job/script');

/** A new job as a script. */
export function NewScriptPage() {
  const { project } = created.useParams();
  const { folder } = created.useSearch();
  const initial = { name: '', folder, description: '', variables: {}, document: '' };
  return <Script project={project} saved={null} initial={initial} />;
}

/** The script of a saved job. */
export function ScriptPage() {
  const { project, job } = known.useParams();
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
  return (
    <Script
      key={job}
      project={project}
      saved={{ id: job, revision: revision ?? '' }}
      initial={{
        name: value.name,
        folder: value.folder,
        description: value.description,
        variables: value.draft.variables,
        document: value.draft.document,
      }}
    />
  );
}
