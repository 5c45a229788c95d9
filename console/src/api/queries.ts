/** Questions that several areas ask. */

import { usePreferences } from '@/ui/preferences';
import { client, unwrap, type Schemas } from './client';
import { useRead } from './hooks';
import { usePages } from './pages';

/** The connectors of this build, in the reader's language. They do not change while it runs. */
export function useConnectors() {
  const { language } = usePreferences();
  return useRead({
    key: ['connectors', 'all', language],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/connectors', {
          params: { header: { 'Accept-Language': language } },
          signal,
        }),
      ),
  });
}

/** The three schemas of a connector. */
export function useConnectorForms(connector: string) {
  const { language } = usePreferences();
  return useRead({
    key: ['connectors', 'forms', language, connector],
    enabled: connector !== '',
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/connectors/{connector}', {
          params: { path: { connector }, header: { 'Accept-Language': language } },
          signal,
        }),
      ),
  });
}

/** All data sources of a project whose name holds a text, up to 100. */
export function useDatasources(project: string, search = '') {
  return useRead({
    key: ['datasources', project, 'short', search],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/datasources', {
          params: { path: { project }, query: { search, limit: 100 } },
          signal,
        }),
      ),
  });
}

interface Place {
  project: string;
  datasource: string | undefined;
}

/** Tables whose name holds a text, page by page. */
export function useTables({ project, datasource }: Place, search: string) {
  return usePages({
    key: ['tables', project, datasource, search],
    enabled: datasource !== undefined,
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/datasources/{datasource}/tables', {
          params: {
            path: { project, datasource: datasource ?? '' },
            query: { search, cursor, limit: 100 },
          },
          signal,
        }),
      ),
  });
}

/** The columns of a table as they are now. */
export function columnsOf({ project, datasource }: Place, table: string) {
  return {
    queryKey: ['columns', project, datasource, table],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/datasources/{datasource}/columns', {
          params: { path: { project, datasource: datasource ?? '' }, query: { table } },
          signal,
        }),
      ),
  };
}

export function useColumns(place: Place, table: string) {
  const { queryKey, queryFn } = columnsOf(place, table);
  return useRead({
    key: queryKey,
    enabled: place.datasource !== undefined && table !== '',
    read: (signal) => queryFn({ signal }),
  });
}

export function usePreview({ project, datasource }: Place, table: string, isWanted: boolean) {
  return useRead({
    key: ['preview', project, datasource, table],
    enabled: isWanted && datasource !== undefined && table !== '',
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/datasources/{datasource}/preview', {
          params: { path: { project, datasource: datasource ?? '' }, query: { table } },
          signal,
        }),
      ),
  });
}

/** What the server says about a document; asked anew whenever it changes. */
export function useDocumentReport(project: string, check: Schemas['DocumentCheck'] | null) {
  return useRead({
    key: ['validate', project, check],
    enabled: check !== null,
    read: (signal) =>
      unwrap(
        client.POST('/api/v1/projects/{project}/jobs/validate', {
          params: { path: { project } },
          body: check ?? { document: '' },
          signal,
        }),
      ),
  });
}

/** The resource groups of a project; there are few. */
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
