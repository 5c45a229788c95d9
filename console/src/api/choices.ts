/** Short lists that fields offer: jobs, resource groups, members. */

import { client, unwrap } from './client';
import { useRead } from './hooks';

const MOST = 50;

/** Jobs whose name holds a text, the first 50. */
export function useJobChoices(project: string, search: string) {
  return useRead({
    key: ['jobs', project, 'choices', search],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs', {
          params: { path: { project }, query: { search, limit: MOST } },
          signal,
        }),
      ),
  });
}

/** A job by its id, for its name. */
export function useJob(project: string, job: string | undefined) {
  return useRead({
    key: ['jobs', project, 'dialog', job],
    enabled: job !== undefined,
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs/{job}', {
          params: { path: { project, job: job ?? '' } },
          signal,
        }),
      ),
  });
}

export function useGroups(project: string) {
  return useRead({
    key: ['groups', project],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/resource-groups', {
          params: { path: { project } },
          signal,
        }),
      ),
  });
}

export function useCalendars(project: string) {
  return useRead({
    key: ['calendars', project],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/calendars', {
          params: { path: { project } },
          signal,
        }),
      ),
  });
}

/** The members of a project, up to 500; names for the ids of accounts. */
export function useMembers(project: string) {
  return useRead({
    key: ['members', project, 'short'],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/members', {
          params: { path: { project }, query: { limit: 500 } },
          signal,
        }),
      ),
  });
}

/** The runs of an instance, latest first. */
export function useRunsOf(project: string, instance: string | null | undefined) {
  return useRead({
    key: ['runs', project, 'list', 'instance', instance],
    enabled: Boolean(instance),
    every: 5_000,
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/runs', {
          params: { path: { project }, query: { instance: instance ?? '', limit: 50 } },
          signal,
        }),
      ),
  });
}
