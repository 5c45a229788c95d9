import { Alert, Button, Drawer, Flex, Form, Input, Tooltip } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { useMay } from '@/areas/frame/project';
import { isWithin } from '@/lib/pointer';
import { newRule, ruleOf } from '@/lib/rule';
import { Failure } from '@/ui/Failure';
import { usePreferences } from '@/ui/preferences';
import { useKept } from '@/ui/useKept';
import { useStill } from '@/ui/useStill';
import { CycleFields } from './CycleFields';
import { DependencyList } from './DependencyList';
import { NextTimes } from './NextTimes';
import { PeriodFields, RunFields } from './RuleFields';
import { isStale, useSubmit, type Draft } from './useSubmit';
import { VariableTable } from './VariableTable';

interface Props {
  title: string;
  project: string;
  found: {
    job: Schemas['Job'];
    jobRevision: string;
    schedule: { value: Schemas['Schedule']; revision: string } | null;
  };
  onReload: () => void;
  onClose: () => void;
}

const LONGEST_NOTE = 1_000;

export function SubmitForm({ title, project, found, onReload, onClose }: Props) {
  const { t } = useTranslation('schedules');
  const { t: common } = useTranslation('common');
  const { zone } = usePreferences();
  const { job } = found;
  const base = found.schedule?.revision ?? null;
  const stored: Draft = {
    base,
    rule: found.schedule ? ruleOf(found.schedule.value.rule) : newRule(zone),
    dependencies: found.schedule?.value.dependencies ?? [],
  };
  const kept = useKept<Draft>(`longshore.schedule.${job.id}`, stored);
  const { rule, dependencies } = kept.value;
  // What was typed before somebody else changed the schedule.
  const [isOlder, setOlder] = useState(kept.isKept && kept.value.base !== base);
  const [note, setNote] = useState('');
  const still = useStill(rule, 400);
  const [seen, setSeen] = useState({
    job: found.jobRevision,
    schedule: base,
    published: job.publishedVersion ?? null,
  });
  function forget(next: Draft) {
    kept.drop(next);
    setOlder(false);
  }
  const mayEdit = useMay('schedulesEdit');
  const mayPublish = useMay('jobsPublish');
  const maySubmit = useMay('schedulesSubmit');
  const isBehind = seen.published !== job.draftVersion;
  const submit = useSubmit(project, job.id, {
    onStep: ({ jobRevision, scheduleRevision, isPublished }) =>
      setSeen((known) => ({
        job: jobRevision,
        schedule: scheduleRevision,
        published: isPublished ? job.draftVersion : known.published,
      })),
    onDone: ({ draft, isSubmitted }) => {
      forget(draft);
      if (isSubmitted) onClose();
    },
  });
  const body = useRef<HTMLDivElement>(null);
  const { error } = submit;
  useEffect(() => {
    if (!error) return;
    const wrong = '.ant-form-item-has-error input, .ant-input-status-error, [role=alert] button';
    body.current?.querySelector<HTMLElement>(wrong)?.focus();
  }, [error]);
  const problems = error?.problems ?? [];
  const problemOf = (pointer: string) =>
    problems
      .filter((it) => isWithin(it.pointer, pointer))
      .map((it) => [it.message, it.hint].filter(Boolean).join('; '))
      .join('\n') || null;
  const others = problems.filter((it) => !FIELDS.some((pointer) => isWithin(it.pointer, pointer)));
  const change = (next: Partial<Draft>) =>
    kept.set({ ...kept.value, ...next, base: isOlder ? kept.value.base : seen.schedule });
  const set = (next: Partial<Draft['rule']>) => change({ rule: { ...rule, ...next } });
  const isEmptyRow = dependencies.some((it) => it.job === '');
  const send = (isSubmitted: boolean) =>
    submit.mutate({
      draft: kept.value,
      seen,
      isWritten: mayEdit,
      isRewired: JSON.stringify(dependencies) !== JSON.stringify(stored.dependencies),
      version: isBehind ? job.draftVersion : null,
      note: note.trim(),
      isSubmitted,
    });
  const whyNot = !maySubmit
    ? t('mayNotSubmit')
    : isBehind && !mayPublish
      ? t('mayNotPublish')
      : !mayEdit && !found.schedule
        ? t('mayNotEdit')
        : isEmptyRow
          ? t('emptyDependency')
          : undefined;
  const fields = { problemOf, isDisabled: !mayEdit };
  return (
    <Drawer
      open
      size={840}
      title={title}
      onClose={onClose}
      mask={{ closable: false }}
      footer={
        <Flex gap={8} align="center" wrap>
          <span className="hint" style={{ flex: '1 1 240px' }}>
            {isBehind
              ? seen.published === null
                ? t('publishesFirst', { version: job.draftVersion })
                : t('publishes', { version: job.draftVersion, live: seen.published })
              : t('isLive', { version: job.draftVersion })}
            {isBehind && job.draft.note ? ` “${job.draft.note}”` : null}
          </span>
          <Button onClick={onClose}>{common('cancel')}</Button>
          <Tooltip title={mayEdit ? undefined : t('mayNotEdit')}>
            <Button
              disabled={!mayEdit || isEmptyRow || submit.isPending}
              onClick={() => send(false)}
            >
              {t('saveDraft')}
            </Button>
          </Tooltip>
          <Tooltip title={whyNot}>
            <Button
              type="primary"
              disabled={whyNot !== undefined}
              loading={submit.isPending}
              onClick={() => send(true)}
            >
              {t('submit')}
            </Button>
          </Tooltip>
        </Flex>
      }
    >
      <div ref={body}>
        <Flex vertical gap={12} style={{ marginBottom: 16 }}>
          {isStale(error) ? (
            <Alert
              type="warning"
              showIcon
              role="alert"
              title={common('changedElsewhere')}
              description={t('changedHint')}
              action={<Button onClick={onReload}>{common('reload')}</Button>}
            />
          ) : error ? (
            <Failure
              message={error.message}
              hint={[error.hint, ...others.map((it) => `${it.pointer} ${it.message}`)]
                .filter(Boolean)
                .join('\n')}
              requestId={error.requestId}
            />
          ) : null}
          {kept.isKept && !submit.isPending ? (
            <Alert
              type={isOlder ? 'warning' : 'info'}
              showIcon
              title={t(isOlder ? 'unsavedOlder' : 'unsaved')}
              action={<Button onClick={() => forget(stored)}>{t('discard')}</Button>}
            />
          ) : null}
          {found.schedule?.value.state === 'paused' ? (
            <Alert
              type="warning"
              showIcon
              title={t('isPaused')}
              description={found.schedule.value.reason}
            />
          ) : null}
        </Flex>
        <Form layout="vertical" component="div">
          <h2>{t('when')}</h2>
          <CycleFields
            cycle={rule.cycle}
            problem={problemOf('/cycle')}
            isDisabled={!mayEdit}
            onChange={(cycle) => set({ cycle })}
          />
          <PeriodFields project={project} rule={rule} {...fields} onChange={set} />
          <NextTimes project={project} job={job.id} rule={still} />
          <h2>{t('variables')}</h2>
          <VariableTable
            project={project}
            job={job.id}
            rule={rule}
            stillRule={still}
            declared={job.draft.variables}
            {...fields}
            onChange={(parameters) => set({ parameters })}
          />
          <h2>{t('dependencies')}</h2>
          <DependencyList
            project={project}
            job={job.id}
            dependencies={dependencies}
            {...fields}
            onChange={(next) => change({ dependencies: next })}
          />
          <h2>{t('runs')}</h2>
          <RunFields project={project} rule={rule} {...fields} onChange={set} />
          {isBehind && mayPublish ? (
            <Form.Item label={t('note')} htmlFor="publish-note" extra={t('noteHelp')}>
              <Input.TextArea
                id="publish-note"
                autoSize={{ minRows: 2 }}
                maxLength={LONGEST_NOTE}
                value={note}
                onChange={(event) => setNote(event.target.value)}
              />
            </Form.Item>
          ) : null}
        </Form>
      </div>
    </Drawer>
  );
}

/** The places that have a field; problems elsewhere are told at the top. */
const FIELDS = [
  '/cycle',
  '/zone',
  '/effective',
  '/generation',
  '/kind',
  '/overlap',
  '/rerun',
  '/timeoutMinutes',
  '/priority',
  '/resourceGroup',
  '/catchUp',
  '/calendar',
  '/offCycle',
  '/parameters',
  '/dependencies',
];
