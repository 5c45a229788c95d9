/** The rule of a schedule with everything filled in, as a form edits it. */

import type { Cycle } from './cycle';

export const KINDS = ['normal', 'dryRun', 'frozen'] as const;
export const OVERLAPS = ['wait', 'skip', 'stopOld'] as const;
export const RERUN_POLICIES = ['always', 'afterFailure', 'never'] as const;
export const CATCH_UP_POLICIES = ['latest', 'all', 'none'] as const;
export const GENERATIONS = ['nextDay', 'immediately'] as const;
export const OFF_CYCLES = ['dryRun', 'nothing'] as const;

interface Rerun {
  policy?: (typeof RERUN_POLICIES)[number];
  times?: number;
  delayMinutes?: number;
}

interface CatchUp {
  policy?: (typeof CATCH_UP_POLICIES)[number];
  parallel?: number;
}

interface Period {
  from?: string | null;
  to?: string | null;
}

export interface Rule {
  cycle: Cycle;
  zone: string;
  effective: Period;
  calendar: string | null;
  offCycle: (typeof OFF_CYCLES)[number];
  kind: (typeof KINDS)[number];
  generation: (typeof GENERATIONS)[number];
  rerun: Required<Rerun>;
  timeoutMinutes: number | null;
  priority: number;
  resourceGroup: string | null;
  overlap: (typeof OVERLAPS)[number];
  catchUp: Required<CatchUp>;
  parameters: Record<string, string>;
}

/** A rule as it is stored, where all but cycle and zone may be left out. */
export type Stored = Pick<Rule, 'cycle' | 'zone'> &
  Partial<Omit<Rule, 'rerun' | 'catchUp'>> & { rerun?: Rerun; catchUp?: CatchUp };

/** What a new schedule starts from. */
export function newRule(zone: string): Rule {
  return ruleOf({ cycle: { kind: 'day', at: '02:00' }, zone });
}

export function ruleOf(stored: Stored): Rule {
  return {
    effective: {},
    calendar: null,
    offCycle: 'dryRun',
    kind: 'normal',
    generation: 'nextDay',
    timeoutMinutes: null,
    priority: 5,
    resourceGroup: null,
    overlap: 'wait',
    parameters: {},
    ...stored,
    rerun: { policy: 'always', times: 0, delayMinutes: 2, ...stored.rerun },
    catchUp: { policy: 'latest', parallel: 1, ...stored.catchUp },
  };
}

/** The expressions with one of them set; what the job declares itself is not written again. */
export function withExpression(
  parameters: Record<string, string>,
  declared: Record<string, string>,
  name: string,
  expression: string | undefined,
): Record<string, string> {
  const { [name]: _, ...others } = parameters;
  return expression === undefined || expression === declared[name]
    ? others
    : { ...others, [name]: expression };
}
