/** An alert rule as it is edited: every choice keeps its value while it is not taken. */

import type { Schemas } from '@/api/client';

type Spec = Schemas['Spec'];
type Trigger = Spec['triggers'][number];
export type Watch = Spec['object']['kind'];
export type QuietHours = Schemas['QuietHours'];
export type CycleDeadline = Schemas['CycleDeadline'];

export interface RuleDraft {
  name: string;
  watch: Watch;
  jobs: string[];
  datasources: string[];
  failed: boolean;
  finished: boolean;
  late: boolean;
  by: string;
  lateCycles: boolean;
  cycles: CycleDeadline[];
  overtime: boolean;
  minutes: number;
  dirtyOver: boolean;
  rows: number;
  everyMinutes: number;
  channels: string[];
  groupMinutes: number;
  leastMinutes: number;
  /** Null for as many as there are. */
  mostADay: number | null;
  isQuiet: boolean;
  quietHours: QuietHours;
}

/** A new rule: every failure of the project. */
export function emptyRule(zone: string): RuleDraft {
  return {
    name: '',
    watch: 'project',
    jobs: [],
    datasources: [],
    failed: true,
    finished: false,
    late: false,
    by: '08:00',
    lateCycles: false,
    cycles: [{ number: 1, by: '01:00' }],
    overtime: false,
    minutes: 60,
    dirtyOver: false,
    rows: 0,
    everyMinutes: 10,
    channels: [],
    groupMinutes: 5,
    leastMinutes: 0,
    mostADay: null,
    isQuiet: false,
    quietHours: { from: '22:00', to: '07:00', zone, then: 'hold' },
  };
}

/** The draft of a rule that is there. */
export function draftOf(rule: Spec & { name: string }, zone: string): RuleDraft {
  const { object, quietHours } = rule;
  const draft = emptyRule(zone);
  draft.name = rule.name;
  draft.watch = object.kind;
  draft.jobs = 'jobs' in object ? object.jobs : [];
  draft.datasources = 'datasources' in object ? object.datasources : [];
  draft.failed = false;
  for (const trigger of rule.triggers) {
    switch (trigger.kind) {
      case 'failed':
      case 'finished':
        draft[trigger.kind] = true;
        break;
      case 'late':
        draft.late = true;
        draft.by = trigger.by;
        break;
      case 'lateCycles':
        draft.lateCycles = true;
        draft.cycles = trigger.cycles;
        break;
      case 'overtime':
        draft.overtime = true;
        draft.minutes = trigger.minutes;
        break;
      case 'dirtyOver':
        draft.dirtyOver = true;
        draft.rows = trigger.rows;
        break;
      case 'sourceDown':
        draft.everyMinutes = trigger.everyMinutes;
    }
  }
  draft.channels = rule.channels;
  draft.groupMinutes = rule.groupMinutes ?? 0;
  draft.leastMinutes = rule.leastMinutes ?? 0;
  draft.mostADay = rule.mostADay ?? null;
  draft.isQuiet = Boolean(quietHours);
  return quietHours ? { ...draft, quietHours } : draft;
}

/** What is sent: data sources have one trigger of their own, and jobs all the others. */
export function formOf(draft: RuleDraft): Schemas['AlertRuleForm'] {
  return {
    name: draft.name,
    object: objectOf(draft),
    triggers: triggersOf(draft),
    channels: draft.channels,
    groupMinutes: draft.groupMinutes,
    leastMinutes: draft.leastMinutes,
    mostADay: draft.mostADay,
    quietHours: draft.isQuiet ? draft.quietHours : null,
  };
}

function objectOf({ watch, jobs, datasources }: RuleDraft): Spec['object'] {
  switch (watch) {
    case 'project':
      return { kind: watch };
    case 'jobs':
    case 'schedules':
      return { kind: watch, jobs };
    case 'datasources':
      return { kind: watch, datasources };
  }
}

function triggersOf(draft: RuleDraft): Trigger[] {
  if (draft.watch === 'datasources') {
    return [{ kind: 'sourceDown', everyMinutes: draft.everyMinutes }];
  }
  const triggers: Trigger[] = [];
  if (draft.failed) triggers.push({ kind: 'failed' });
  if (draft.late) triggers.push({ kind: 'late', by: draft.by });
  if (draft.lateCycles) triggers.push({ kind: 'lateCycles', cycles: draft.cycles });
  if (draft.overtime) triggers.push({ kind: 'overtime', minutes: draft.minutes });
  if (draft.finished) triggers.push({ kind: 'finished' });
  if (draft.dirtyOver) triggers.push({ kind: 'dirtyOver', rows: draft.rows });
  return triggers;
}
