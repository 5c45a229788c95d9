import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { savedJob, useJob } from '@/api/jobs';
import { readDocument } from '@/lib/document';
import type { JobDialogs } from '@/ui/dialogs';
import { Failure } from '@/ui/Failure';
import { Loaded } from '@/ui/Loaded';
import { newDraft, type Draft } from './draft';
import { Wizard } from './Wizard';

export interface WizardDialogs extends JobDialogs {
  NewDatasource: (props: { project: string; onClose: () => void }) => ReactNode;
}

const created = getRouteApi('/projects/$project/new-job');
const known = getRouteApi('/projects/$project/jobs/$job/wizard');

/** A new job in the wizard. */
export function NewWizardPage({ dialogs }: { dialogs: WizardDialogs }) {
  const { project } = created.useParams();
  const { folder } = created.useSearch();
  const [initial] = useState(() => newDraft(folder));
  return (
    <Wizard
      project={project}
      given={null}
      initial={initial}
      dialogs={dialogs}
      onReload={() => undefined}
    />
  );
}

/** A saved job opens again as it was, every step filled. */
export function WizardPage({ dialogs }: { dialogs: WizardDialogs }) {
  const { t } = useTranslation('wizard');
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
  const document = readDocument(value.draft.document);
  if (!document || value.draft.mode !== 'wizard') {
    return (
      <div className="page">
        <Failure
          message={t('isScript')}
          hint={t('isScriptHint')}
          action={t('openScript')}
          onRetry={() =>
            void navigate({ to: '/projects/$project/jobs/$job/script', params: { project, job } })
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
    values: [],
  };
  return (
    <Wizard
      key={`${job} ${round}`}
      project={project}
      given={savedJob(value, revision)}
      initial={initial}
      dialogs={dialogs}
      onReload={() => void reload()}
    />
  );
}
