import { getRouteApi } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { detailsOf } from '@/api/jobs';
import { OpenedJob, OtherEditor } from '@/form/OpenedJob';
import { readDocument } from '@/lib/document';
import type { JobDialogs } from '@/ui/dialogs';
import { newDraft } from './draft';
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
  return (
    <OpenedJob project={project} job={job}>
      {(value, given, reload) => {
        const document = readDocument(value.draft.document);
        return document && value.draft.mode === 'wizard' ? (
          <Wizard
            project={project}
            given={given}
            initial={{ ...detailsOf(value), document, values: [] }}
            dialogs={dialogs}
            onReload={reload}
          />
        ) : (
          <OtherEditor
            project={project}
            job={job}
            editor="script"
            message={t('isScript')}
            hint={t('isScriptHint')}
            action={t('openScript')}
          />
        );
      }}
    </OpenedJob>
  );
}
