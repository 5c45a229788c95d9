/** The project that was seen last in this browser. */

const KEY = 'longshore.project';

export const lastProject = {
  get: () => localStorage.getItem(KEY),
  set: (id: string) => localStorage.setItem(KEY, id),
};
