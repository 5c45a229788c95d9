import { useTranslation } from 'react-i18next';
import { ApiError, client, unwrap } from '@/api/client';
import { useChange } from '@/api/hooks';
import { readSchedule } from '@/api/schedules';
import type { KINDS } from '@/lib/rule';

/** What is done with a schedule from a list: with its revision of this moment. */
export function useScheduleActions(project: string) {
  const { t } = useTranslation('schedules');
  const refresh = [
    ['schedules', project],
    ['jobs', project],
    ['instances', project],
  ];
  const at = async (job: string) => {
    const known = await readSchedule(project, job);
    const params = { path: { project, job }, header: { 'If-Match': known.revision } };
    return { schedule: known.value, params };
  };
  const pause = useChange({
    refresh,
    inForm: true,
    done: t('paused'),
    change: async ({ job, reason }: { job: string; reason: string }) => {
      const { params } = await at(job);
      const url = '/api/v1/projects/{project}/jobs/{job}/schedule/pause';
      return unwrap(client.POST(url, { params, body: { reason } }));
    },
  });
  const resume = useChange({
    refresh,
    done: t('resumed'),
    change: async (job: string) => {
      const { params } = await at(job);
      return unwrap(
        client.POST('/api/v1/projects/{project}/jobs/{job}/schedule/resume', { params }),
      );
    },
  });
  const remove = useChange({
    refresh,
    done: t('deleted'),
    change: async (job: string) => {
      const { params } = await at(job);
      return unwrap(client.DELETE('/api/v1/projects/{project}/jobs/{job}/schedule', { params }));
    },
  });
  const turn = useChange({
    refresh,
    done: t('kindDone'),
    change: async ({ job, kind }: { job: string; kind: (typeof KINDS)[number] }) => {
      const { schedule, params } = await at(job);
      // What is written and not submitted yet must not go live by the way.
      if (schedule.isChanged) {
        throw new ApiError(409, 'conflict', t('kindChanged'), null, [], null);
      }
      const url = '/api/v1/projects/{project}/jobs/{job}/schedule';
      await unwrap(client.PUT(url, { params, body: { ...schedule.rule, kind } }));
      const next = await at(job);
      return unwrap(client.POST(`${url}/submit`, { params: next.params }));
    },
  });
  return { pause, resume, remove, turn };
}
