/** What is done with runs. A run of a schedule is run again through its instance, so that whatever waits is told. */

import { client, unwrap, type Schemas } from '@/api/client';

export type Run = Schemas['Run'];
export type Operation = 'rerun' | 'stop' | 'mark';

/** Whether an operation makes sense for a run as it is. */
export function isPossible(operation: Operation, run: Run): boolean {
  const isEnded = Boolean(run.endedAt);
  switch (operation) {
    case 'stop':
      return !isEnded && !run.isStopping;
    case 'mark':
      return isEnded && run.state !== 'succeeded';
    case 'rerun':
      // What feeds dirty rows back is resumed, or fed back anew.
      return isEnded && run.kind !== 'replay';
  }
}

/** The right that an operation needs. Trials belong to those who edit jobs. */
export function rightFor(operation: Operation, run: Pick<Run, 'kind' | 'instanceId'>): string {
  if (operation === 'mark') return 'runsMark';
  if (run.kind === 'trial') return 'runsTrial';
  if (operation === 'stop') return 'runsStop';
  return run.instanceId ? 'instancesOperate' : 'runsRerun';
}

/** Does it, and tells the run that was started by it, if one was. */
export async function operate(
  project: string,
  operation: Operation,
  run: Run,
  version: Schemas['RerunVersion'] = 'same',
): Promise<Schemas['StartedRun'] | null> {
  const params = { path: { project, run: run.id } };
  switch (operation) {
    case 'stop':
      await unwrap(client.POST('/api/v1/projects/{project}/runs/{run}/stop', { params }));
      return null;
    case 'mark':
      await unwrap(client.POST('/api/v1/projects/{project}/runs/{run}/mark-succeeded', { params }));
      return null;
    case 'rerun': {
      if (run.instanceId) {
        const url = '/api/v1/projects/{project}/instances/{instance}/rerun';
        const path = { project, instance: run.instanceId };
        await unwrap(client.POST(url, { params: { path }, body: { scope: 'instance' } }));
        return null;
      }
      return unwrap(
        client.POST('/api/v1/projects/{project}/runs/{run}/rerun', { params, body: { version } }),
      );
    }
  }
}
