import { client, unwrap, type Schemas } from '@/api/client';
import { usePages } from '@/api/pages';

/** The channels of a project. */
export function useChannels(project: string) {
  return usePages<Schemas['AlertChannel']>({
    key: ['alert-channels', project, 'list'],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/alert-channels', {
          params: { path: { project }, query: { cursor, limit: 200 } },
          signal,
        }),
      ),
  });
}

/** The rules of a project. */
export function useRules(project: string) {
  return usePages<Schemas['AlertRule']>({
    key: ['alert-rules', project, 'list'],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/alert-rules', {
          params: { path: { project }, query: { cursor, limit: 200 } },
          signal,
        }),
      ),
  });
}
