import { client, unwrap, type Schemas } from '@/api/client';
import { usePages } from '@/api/pages';

export function useFolders(project: string) {
  return usePages<Schemas['Folder']>({
    key: ['folders', project],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/folders', {
          params: { path: { project }, query: { cursor, limit: 500 } },
          signal,
        }),
      ),
  });
}
