import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { JobDialogs } from '@/ui/dialogs';

type Known = 'run' | 'submit' | 'versions';

/** Which dialog is open over an editor of jobs; the address may ask for one. `Own` are those of one editor alone. */
export function useOpened<Own extends string>() {
  const navigate = useNavigate();
  const { open: asked } = useSearch({ strict: false });
  const [opened, setOpened] = useState<Known | Own | null>(asked ?? null);
  const close = () => {
    setOpened(null);
    if (asked) {
      void navigate({ to: '.', search: (known) => ({ ...known, open: undefined }), replace: true });
    }
  };
  return { opened, setOpened, close };
}

interface Props {
  opened: string | null;
  dialogs: JobDialogs;
  project: string;
  job: string;
  onClose: () => void;
  onRestored: () => void;
}

/** The dialogs that all editors of jobs have. */
export function OpenDialog({ opened, dialogs, project, job, onClose, onRestored }: Props) {
  const { RunDialog, Versions, Submit } = dialogs;
  if (opened === 'run') return <RunDialog project={project} job={job} onClose={onClose} />;
  if (opened === 'submit' && Submit) {
    return <Submit project={project} job={job} onClose={onClose} />;
  }
  if (opened === 'versions') {
    return <Versions project={project} job={job} onClose={onClose} onRestored={onRestored} />;
  }
  return null;
}
