import { useNavigate, useSearch } from '@tanstack/react-router';
import { Alert, App, Button, Flex, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, answer, client } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useDocumentReport } from '@/api/queries';
import { writeDocument } from '@/lib/document';
import { Failure } from '@/ui/Failure';
import { PageTitle } from '@/ui/PageTitle';
import { useStill } from '@/ui/useStill';
import { ChannelStep } from './ChannelStep';
import { forget, keep, STEPS, stepOf, unsaved, type Draft, type StepName } from './draft';
import { MappingStep } from './MappingStep';
import { ReviewStep } from './ReviewStep';
import { SideStep } from './SideStep';
import { StepBar } from './StepBar';
import type { StepProps } from './steps';

interface Saved {
  id: string;
  version: number;
  revision: string | null;
}

interface Props {
  project: string;
  saved: Saved | null;
  initial: Draft;
}

/** The five steps over one job document. What is typed is kept in this browser until it is saved. */
export function Wizard({ project, saved: given, initial }: Props) {
  const { t } = useTranslation('wizard');
  const { t: common } = useTranslation('common');
  const { modal } = App.useApp();
  const navigate = useNavigate();
  const { step = 'source' } = useSearch({ strict: false });
  const [saved, setSaved] = useState(given);
  const place = saved?.id ?? `new.${project}`;
  const [draft, setDraft] = useState(() => unsaved(place, given?.version ?? 0) ?? initial);
  const [isChanged, setChanged] = useState(draft !== initial);
  const text = writeDocument(draft.document);
  const report = useDocumentReport(
    project,
    useStill({ document: text, variables: draft.variables }, 500),
  );
  const problems = report.data?.problems ?? [];

  function change(next: Draft) {
    setDraft(next);
    setChanged(true);
    keep(place, saved?.version ?? 0, next);
  }

  const go = (next: StepName) =>
    void navigate({ to: '.', search: (known) => ({ ...known, step: next }) });

  const save = useChange({
    inForm: true,
    refresh: [['jobs', project]],
    done: t('saved'),
    change: async (_then: 'stay' | 'script') => {
      const { name, folder, description, variables } = draft;
      const body = {
        name,
        folder,
        description,
        variables,
        document: text,
        mode: 'wizard' as const,
      };
      if (!saved) {
        return answer(
          client.POST('/api/v1/projects/{project}/jobs', { params: { path: { project } }, body }),
        );
      }
      return answer(
        client.PATCH('/api/v1/projects/{project}/jobs/{job}', {
          params: {
            path: { project, job: saved.id },
            header: { 'If-Match': saved.revision ?? '' },
          },
          body,
        }),
      );
    },
    onDone: ({ value, revision }, then) => {
      forget(place);
      setSaved({ id: value.id, version: value.draftVersion, revision });
      setChanged(false);
      const to =
        then === 'script'
          ? ('/projects/$project/jobs/$job/script' as const)
          : ('/projects/$project/jobs/$job/wizard' as const);
      if (!saved || then === 'script') {
        void navigate({
          to,
          params: { project, job: value.id },
          search: { step },
          replace: !saved,
        });
      }
    },
  });

  const props: StepProps = {
    project,
    draft,
    onChange: change,
    problems: problems.filter((problem) => stepOf(problem) === step),
  };
  const index = STEPS.indexOf(step);
  const [previous, next] = [STEPS[index - 1], STEPS[index + 1]];
  return (
    <div className="page">
      <PageTitle
        title={
          <Input
            aria-label={common('name')}
            placeholder={t('namePlaceholder')}
            variant="underlined"
            style={{ fontSize: 22, fontWeight: 600, width: 420, maxWidth: '100%' }}
            value={draft.name}
            onChange={(event) => change({ ...draft, name: event.target.value })}
          />
        }
        beside={<span>{isChanged ? t('notSaved') : saved ? t('isSaved') : null}</span>}
        actions={
          <>
            <Button
              disabled={!saved}
              onClick={() =>
                void modal.confirm({
                  title: t('toScript'),
                  content: t('toScriptHelp'),
                  okText: t('toScriptOk'),
                  cancelText: common('cancel'),
                  onOk: () => save.mutate('script'),
                })
              }
            >
              {t('toScript')}
            </Button>
            <Button
              type="primary"
              loading={save.isPending}
              disabled={draft.name === ''}
              onClick={() => save.mutate('stay')}
            >
              {common('save')}
            </Button>
          </>
        }
      />
      {save.error ? <SaveFailure error={save.error} /> : null}
      {draft !== initial && given && isChanged && !save.isPending ? (
        <span className="visually-hidden" aria-live="polite">
          {t('notSaved')}
        </span>
      ) : null}
      <StepBar draft={draft} step={step} problems={problems} onGo={go} />
      {step === 'source' ? <SideStep key="reader" {...props} side="reader" /> : null}
      {step === 'target' ? <SideStep key="writer" {...props} side="writer" /> : null}
      {step === 'mapping' ? <MappingStep {...props} /> : null}
      {step === 'channel' ? <ChannelStep {...props} /> : null}
      {step === 'review' ? <ReviewStep {...props} all={problems} onGo={go} /> : null}
      {report.error ? <Alert type="warning" showIcon title={report.error.message} /> : null}
      <Flex gap={8} style={{ marginTop: 24 }}>
        {previous ? <Button onClick={() => go(previous)}>{t('previous')}</Button> : null}
        {next ? (
          <Button type="primary" ghost onClick={() => go(next)}>
            {t('next')}
          </Button>
        ) : null}
      </Flex>
    </div>
  );
}

function SaveFailure({ error }: { error: ApiError }) {
  const { t } = useTranslation('common');
  const isStale = error.code === 'changed';
  const lines = [
    isStale ? t('changedElsewhereHint') : error.hint,
    ...error.problems.map((it) => it.message),
  ];
  return (
    <div style={{ marginBottom: 16 }}>
      <Failure
        message={isStale ? t('changedElsewhere') : error.message}
        hint={lines.filter(Boolean).join('\n')}
        requestId={error.requestId}
      />
    </div>
  );
}
