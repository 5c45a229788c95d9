/** Filters that somebody has given a name, kept in this browser. */

import type { Search } from './RunFilters';

export interface View {
  name: string;
  search: Search;
}

const key = (project: string) => `longshore.views.runs.${project}`;

export const views = {
  read(project: string): View[] {
    try {
      const kept: View[] = JSON.parse(localStorage.getItem(key(project)) ?? '[]');
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  },
  /** A view of the same name gives way. */
  add(project: string, view: View): View[] {
    return write(project, [...views.read(project).filter((it) => it.name !== view.name), view]);
  },
  remove(project: string, name: string): View[] {
    return write(
      project,
      views.read(project).filter((it) => it.name !== name),
    );
  },
};

function write(project: string, list: View[]): View[] {
  localStorage.setItem(key(project), JSON.stringify(list));
  return list;
}
