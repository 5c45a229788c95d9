import { useNavigate } from '@tanstack/react-router';
import { Button, Flex, Input, Tabs } from 'antd';
import { format, applyEdits } from 'jsonc-parser';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { useDocumentReport } from '@/api/queries';
import { Failure } from '@/ui/Failure';
import { PageTitle } from '@/ui/PageTitle';
import { usePreferences } from '@/ui/preferences';
import { useStill } from '@/ui/useStill';
import { Editor } from './Editor';
import { Problems } from './Problems';
import { Template } from './Template';

interface Draft {
  name: string;
  folder: string;
  description: string;
  variables: Record<string, string>;
  document: string;
}

interface Props {
  project: string;
  saved: { id: string; revision: string } | null;
  initial: Draft;
}

/** A job as text: checked by the server as it is typed, its comments kept. */
export function Script({ project, saved: given, initial }: Props) {
  const { t } = useTranslation('script');
  const { t: common } = useTranslation('common');
  const { shown } = usePreferences();
  const navigate = useNavigate();
  const [saved, setSaved] = useState(given);
  const place = `longshore.script.${given?.id ?? `new.${project}`}.${given?.revision ?? ''}`;
  const [draft, setDraft] = useState<Draft>(() => restore(place) ?? initial);
  const [isChanged, setChanged] = useState(draft !== initial);
  const schema = useRead({
    key: ['jobs', project, 'schema'],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs/schema', {
          params: { path: { project } },
          signal,
        }),
      ),
  });
  const still = useStill(draft, 500);
  const report = useDocumentReport(
    project,
    still.document.trim() === '' ? null : { document: still.document, variables: still.variables },
  );
  const problems = draft.document.trim() === '' ? [] : (report.data?.problems ?? []);

  function change(next: Partial<Draft>) {
    const changed = { ...draft, ...next };
    setDraft(changed);
    setChanged(true);
    sessionStorage.setItem(place, JSON.stringify(changed));
  }

  const save = useChange({
    inForm: true,
    refresh: [['jobs', project]],
    done: t('saved'),
    change: () => {
      const body = { ...draft, mode: 'script' as const };
      return saved
        ? answer(
            client.PATCH('/api/v1/projects/{project}/jobs/{job}', {
              params: {
                path: { project, job: saved.id },
                header: { 'If-Match': saved.revision },
              },
              body,
            }),
          )
        : answer(
            client.POST('/api/v1/projects/{project}/jobs', { params: { path: { project } }, body }),
          );
    },
    onDone: ({ value, revision }) => {
      sessionStorage.removeItem(place);
      setSaved({ id: value.id, revision: revision ?? '' });
      setChanged(false);
      if (!saved) {
        void navigate({
          to: '/projects/$project/jobs/$job/script',
          params: { project, job: value.id },
          replace: true,
        });
      }
    },
  });
  const marks = problems.flatMap((problem) =>
    problem.line
      ? [
          {
            line: problem.line,
            column: problem.column ?? 1,
            severity: problem.severity,
            message: [problem.message, problem.hint].filter(Boolean).join('\n'),
          },
        ]
      : [],
  );
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
            onChange={(event) => change({ name: event.target.value })}
          />
        }
        beside={<span>{isChanged ? t('notSaved') : saved ? t('isSaved') : null}</span>}
        actions={
          <>
            <Button
              onClick={() => {
                const edits = format(draft.document, undefined, { insertSpaces: true, tabSize: 2 });
                change({ document: applyEdits(draft.document, edits) });
              }}
            >
              {t('format')}
            </Button>
            <Button
              type="primary"
              loading={save.isPending}
              disabled={draft.name === ''}
              onClick={() => save.mutate()}
            >
              {common('save')}
            </Button>
          </>
        }
      />
      {save.error ? (
        <div style={{ marginBottom: 16 }}>
          <Failure
            message={save.error.message}
            hint={[save.error.hint, ...save.error.problems.map((it) => it.message)]
              .filter(Boolean)
              .join('\n')}
            requestId={save.error.requestId}
          />
        </div>
      ) : null}
      <Flex gap={16} align="stretch" wrap>
        <div style={{ flex: '2 1 520px', minWidth: 0, height: '70vh' }}>
          <Editor
            label={t('document')}
            value={draft.document}
            schema={schema.data ?? null}
            marks={marks}
            isDark={shown === 'dark'}
            onChange={(document) => {
              if (document !== draft.document) change({ document });
            }}
          />
        </div>
        <div style={{ flex: '1 1 320px', minWidth: 0 }}>
          <Tabs
            items={[
              {
                key: 'problems',
                label: t('problems', { count: problems.length }),
                children: <Problems problems={problems} isChecking={report.isFetching} />,
              },
              {
                key: 'template',
                label: t('template'),
                children: (
                  <Template
                    project={project}
                    isEmpty={draft.document.trim() === ''}
                    onTake={(document) => change({ document })}
                  />
                ),
              },
            ]}
          />
        </div>
      </Flex>
    </div>
  );
}

function restore(place: string): Draft | null {
  try {
    const kept: Draft | null = JSON.parse(sessionStorage.getItem(place) ?? 'null');
    return kept;
  } catch {
    return null;
  }
}
