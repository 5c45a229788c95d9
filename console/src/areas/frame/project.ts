/** The project that the address names, and what the reader may do in it. */

import { getRouteApi } from '@tanstack/react-router';
import { client, unwrap } from '@/api/client';
import { useRead } from '@/api/hooks';

const route = getRouteApi('/projects/$project');

export function useProjectId(): string {
  return route.useParams().project;
}

export function useProject() {
  const project = useProjectId();
  return useRead({
    key: ['project', project],
    read: (signal) =>
      unwrap(client.GET('/api/v1/projects/{project}', { params: { path: { project } }, signal })),
  });
}

/** Whether the reader has a right; false as long as it is not known. */
export function useMay(right: string): boolean {
  return useProject().data?.rights.includes(right) ?? false;
}
