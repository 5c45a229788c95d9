import { Link } from '@tanstack/react-router';
import { client, unwrap } from '@/api/client';
import { useRead } from '@/api/hooks';

interface Props {
  project: string;
  job: string;
  name: string;
}

/** Leads to the editor that the job was made with. */
export function JobLink({ project, job, name }: Props) {
  const found = useRead({
    key: ['jobs', project, 'name', job],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs/{job}', {
          params: { path: { project, job } },
          signal,
        }),
      ),
  });
  const isScript = found.data?.draft.mode === 'script';
  return (
    <Link
      to={isScript ? '/projects/$project/jobs/$job/script' : '/projects/$project/jobs/$job/wizard'}
      params={{ project, job }}
    >
      {name}
    </Link>
  );
}
