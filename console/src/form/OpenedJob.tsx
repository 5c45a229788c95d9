import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Fragment, useState, type ReactNode } from 'react';
import type { Schemas } from '@/api/client';
import { savedJob, useJob, type SavedJob } from '@/api/jobs';
import { Failure } from '@/ui/Failure';
import { Loaded } from '@/ui/Loaded';

interface Props {
  project: string;
  job: string;
  /** What is edited begins anew from what the server has when it calls `reload`. */
  children: (value: Schemas['Job'], given: SavedJob, reload: () => void) => ReactNode;
}

/** A saved job as the server has it. */
export function OpenedJob({ project, job, children }: Props) {
  const queries = useQueryClient();
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
  return (
    <Fragment key={`${job} ${round}`}>
      {children(value, savedJob(value, revision), () => void reload())}
    </Fragment>
  );
}

interface OtherProps {
  project: string;
  job: string;
  editor: 'script' | 'wizard';
  message: string;
  hint: string;
  action: string;
}

/** Leads to the editor that a job belongs to. */
export function OtherEditor({ project, job, editor, message, hint, action }: OtherProps) {
  const navigate = useNavigate();
  const to = `/projects/$project/jobs/$job/${editor}` as const;
  return (
    <div className="page">
      <Failure
        message={message}
        hint={hint}
        action={action}
        onRetry={() => void navigate({ to, params: { project, job } })}
      />
    </div>
  );
}
