import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { savedJob, useJob } from '@/api/jobs';
import type { JobDialogs } from '@/ui/dialogs';
import { Failure } from '@/ui/Failure';
import { Loaded } from '@/ui/Loaded';
import { Script, type Draft } from './Script';

const created = getRouteApi('/projects/$project/new-script');
const known = getRouteApi('/projects/$project/jobs/$job/script');

/** A new job as a script. */
export function NewScriptPage({ dialogs }: { dialogs: JobDialogs }) {
  const { project } = created.useParams();
  const { folder } = created.useSearch();
  const [initial] = useState<Draft>(() => ({
    name: '',
    folder,
    description: '',
    variables: {},
    document: '',
  }));
  return (
    <Script
      project={project}
      given={null}
      initial={initial}
      dialogs={dialogs}
      onReload={() => undefined}
    />
  );
}

/** The script of a saved job. */
export function ScriptPage({ dialogs }: { dialogs: JobDialogs }) {
  const { t } = useTranslation('script');
  const { project, job } = known.useParams();
  const navigate = useNavigate();
  const queries = useQueryClient();
  // Counts how often the page was told to begin anew from what the server has.
  const [round, setRound] = useState(0);
  const found = useJob(project, job);
  async function reload() {
    await queries.invalidateQueries({ queryKey: ['jobs', project, 'one', job] });
    setRound((last) => last + 1);
  }
  if (!found.data || found.isPlaceholderData) {
    return (
      <div className="page">
        <Loaded reading={found} rows={8}>
          {() => null}
        </Loaded>
      </div>
    );
  }
  const { value, revision } = found.data;
  if (value.draft.mode === 'wizard') {
    return (
      <div className="page">
        <Failure
          message={t('isWizard')}
          hint={t('isWizardHint')}
          action={t('openWizard')}
          onRetry={() =>
            void navigate({ to: '/projects/$project/jobs/$job/wizard', params: { project, job } })
          }
        />
      </div>
    );
  }
  return (
    <Script
      key={`${job} ${round}`}
      project={project}
      given={savedJob(value, revision)}
      initial={{
        name: value.name,
        folder: value.folder,
        description: value.description,
        variables: value.draft.variables,
        document: value.draft.document,
      }}
      dialogs={dialogs}
      onReload={() => void reload()}
    />
  );
}
