/** The parts of the settings; the one that is seen stands in the address. */

export const PROJECT_PARTS = ['general', 'members', 'limits', 'audit', 'danger'] as const;
export const INSTANCE_PARTS = [
  'accounts',
  'network',
  'retention',
  'keys',
  'instanceAudit',
  'connectors',
  'about',
] as const;
/** What every signed-in person may see of the instance. */
export const OPEN_PARTS: readonly Part[] = ['connectors', 'about'];

export const PARTS = [...PROJECT_PARTS, ...INSTANCE_PARTS];

export type Part = (typeof PARTS)[number];
