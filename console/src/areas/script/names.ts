/** Names for a place of the script: data sources, tables and columns, as the server knows them. */

import type { QueryClient } from '@tanstack/react-query';
import { getLocation, getNodeValue, parseTree, findNodeAtLocation, type Node } from 'jsonc-parser';
import { client, unwrap } from '@/api/client';
import { columnsOf } from '@/api/queries';
import { isObject, textOf, textsOf } from '@/lib/document';

export interface Offered {
  names: string[];
  /** What they take the place of. */
  from: number;
  to: number;
}

export type Offer = (text: string, offset: number) => Promise<Offered | null>;

const AWHILE = 30_000;

export function serverNames(project: string, queries: QueryClient): Offer {
  const datasources = (search: string) =>
    queries.fetchQuery({
      queryKey: ['datasources', project, 'short', search],
      staleTime: AWHILE,
      queryFn: () =>
        unwrap(
          client.GET('/api/v1/projects/{project}/datasources', {
            params: { path: { project }, query: { search, limit: 100 } },
          }),
        ),
    });
  const tables = (datasource: string, search: string) =>
    queries.fetchQuery({
      queryKey: ['tables', project, datasource, 'offered', search],
      staleTime: AWHILE,
      queryFn: () =>
        unwrap(
          client.GET('/api/v1/projects/{project}/datasources/{datasource}/tables', {
            params: { path: { project, datasource }, query: { search, limit: 100 } },
          }),
        ),
    });

  async function namesAt({ field, typed, parameter }: Place): Promise<string[]> {
    if (field === 'datasource') {
      return (await datasources(typed)).items.map((it) => it.name);
    }
    const name = textOf(parameter.datasource);
    if (name === '') return [];
    const found = (await datasources(name)).items.find((it) => it.name === name);
    if (!found) return [];
    if (field === 'table') return (await tables(found.id, typed)).items.map((it) => it.name);
    const [table] = textsOf(parameter.table ?? parameter.path);
    if (table === undefined) return [];
    const question = columnsOf({ project, datasource: found.id }, table);
    const columns = await queries.fetchQuery({ ...question, staleTime: AWHILE });
    return columns.items
      .map((it) => it.name)
      .filter((column) => column.toLowerCase().includes(typed.toLowerCase()));
  }

  return async (text, offset) => {
    const place = placeAt(text, offset);
    if (!place) return null;
    const { from, to } = place;
    // Who asked is typing: a source that does not answer offers nothing.
    return namesAt(place).then(
      (names) => ({ names, from, to }),
      () => null,
    );
  };
}

interface Place {
  field: 'datasource' | 'table' | 'column';
  typed: string;
  parameter: Record<string, unknown>;
  from: number;
  to: number;
}

/** What a value at a place of the text names, and the settings around it; null where nothing is named. */
export function placeAt(text: string, offset: number): Place | null {
  const location = getLocation(text, offset);
  if (location.isAtPropertyKey) return null;
  const { path } = location;
  const depth = path.lastIndexOf('parameter');
  const field = path[depth + 1];
  if (depth < 0 || (field !== 'datasource' && field !== 'table' && field !== 'column')) return null;
  const tree = parseTree(text);
  const around: Node | undefined = tree && findNodeAtLocation(tree, path.slice(0, depth + 1));
  const parameter: unknown = around && getNodeValue(around);
  const node = location.previousNode;
  const isText = node?.type === 'string';
  const from = isText ? node.offset : offset;
  return {
    field,
    typed: isText ? text.slice(from + 1, offset) : '',
    parameter: isObject(parameter) ? parameter : {},
    from,
    to: isText ? node.offset + node.length : offset,
  };
}

/** The side of the job at a place of the text, its plugin, and the setting there. */
export function pluginAt(text: string, offset: number) {
  const { path } = getLocation(text, offset);
  const side = path.find((key) => key === 'reader' || key === 'writer');
  if (side !== 'reader' && side !== 'writer') return null;
  const tree = parseTree(text);
  const plugin =
    tree && findNodeAtLocation(tree, [...path.slice(0, path.indexOf(side) + 1), 'plugin']);
  const name: unknown = plugin && getNodeValue(plugin);
  const field = path[path.lastIndexOf('parameter') + 1];
  return {
    side,
    plugin: textOf(name),
    field: path.includes('parameter') && typeof field === 'string' ? field : null,
  };
}
