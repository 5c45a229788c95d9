import { useJob } from '@/api/choices';

/** The name of a job; its id when it is gone. */
export function JobName({ project, job }: { project: string; job: string }) {
  const known = useJob(project, job);
  return <>{known.data?.name ?? (known.error ? <span className="code">{job}</span> : '…')}</>;
}
