import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { detailsOf } from '@/api/jobs';
import { OpenedJob, OtherEditor } from '@/form/OpenedJob';
import type { JobDialogs } from '@/ui/dialogs';
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
  return (
    <OpenedJob project={project} job={job}>
      {(value, given, reload) =>
        value.draft.mode === 'wizard' ? (
          <OtherEditor
            project={project}
            job={job}
            editor="wizard"
            message={t('isWizard')}
            hint={t('isWizardHint')}
            action={t('openWizard')}
          />
        ) : (
          <Script
            project={project}
            given={given}
            initial={{ ...detailsOf(value), document: value.draft.document }}
            dialogs={dialogs}
            onReload={reload}
          />
        )
      }
    </OpenedJob>
  );
}
