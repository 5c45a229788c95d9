import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useAsk } from '@/ui/useAsk';

type Instance = Schemas['Instance'];

export interface Action {
  key: string;
  label: string;
  isDanger: boolean;
  run: () => void;
}

/** What can be done with an instance in its present state; grave steps name what follows and ask first. */
export function useInstanceActions(project: string, instance: Instance) {
  const { t } = useTranslation('schedules');
  const askFirst = useAsk();
  const refresh = [
    ['instances', project],
    ['schedules', project],
    ['backfills', project],
    ['runs', project],
  ];
  const params = { path: { project, instance: instance.id } };
  const rerun = useChange({
    refresh,
    done: ({ ids }: Schemas['RerunInstances']) => t('rerunDone', { count: ids.length }),
    change: (scope: Schemas['RerunScope']) =>
      unwrap(
        client.POST('/api/v1/projects/{project}/instances/{instance}/rerun', {
          params,
          body: { scope },
        }),
      ),
  });
  const mark = useChange({
    refresh,
    done: t('marked'),
    change: () =>
      unwrap(
        client.POST('/api/v1/projects/{project}/instances/{instance}/mark-succeeded', { params }),
      ),
  });
  const stop = useChange({
    refresh,
    done: t('stopped'),
    change: () =>
      unwrap(client.POST('/api/v1/projects/{project}/instances/{instance}/stop', { params })),
  });
  const freeze = useChange({
    refresh,
    done: t('frozenDone'),
    change: () =>
      unwrap(client.POST('/api/v1/projects/{project}/instances/{instance}/freeze', { params })),
  });
  const unfreeze = useChange({
    refresh,
    done: t('unfrozenDone'),
    change: () =>
      unwrap(client.POST('/api/v1/projects/{project}/instances/{instance}/unfreeze', { params })),
  });

  const named = { job: instance.jobName, cycle: instance.cycleAt.replace('T', ' ') };
  const ask = (title: string, content: string, okText: string, onOk: () => void, danger = false) =>
    askFirst({
      title,
      help: content,
      ok: okText,
      act: onOk,
      isSafe: !danger,
    });
  const isWaiting = instance.state === 'waiting';
  const isUnderWay = instance.state === 'queued' || instance.state === 'running';
  const actions: Action[] = [];
  const add = (key: string, label: string, run: () => void, isDanger = false) =>
    actions.push({ key, label, run, isDanger });
  if (!isWaiting && !isUnderWay) {
    add('rerun', t('rerun'), () => rerun.mutate('instance'));
    add('downstream', t('rerunDownstream'), () =>
      ask(t('rerunTitle', named), t('rerunHelp'), t('rerun'), () => rerun.mutate('downstream')),
    );
  }
  if (!isUnderWay && instance.state !== 'succeeded') {
    add('mark', t('mark'), () =>
      ask(t('markTitle', named), t('markHelp'), t('mark'), () => mark.mutate()),
    );
  }
  if (isWaiting && !instance.isFrozen) add('freeze', t('freeze'), () => freeze.mutate());
  if (isWaiting && instance.isFrozen) add('unfreeze', t('unfreeze'), () => unfreeze.mutate());
  if (isWaiting || isUnderWay) {
    const stopNow = () =>
      ask(t('stopTitle', named), t('stopHelp'), t('stop'), () => stop.mutate(), true);
    add('stop', t('stop'), stopNow, true);
  }
  const isBusy = [rerun, mark, stop, freeze, unfreeze].some((it) => it.isPending);
  return { actions, isBusy };
}
