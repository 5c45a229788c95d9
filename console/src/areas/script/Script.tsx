import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Alert, App, Flex, Modal, Tabs } from 'antd';
import { applyEdits, format } from 'jsonc-parser';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { readDetails, useJobEditing, useVersion, type Details, type SavedJob } from '@/api/jobs';
import { useRead } from '@/api/hooks';
import { useDocumentReport } from '@/api/queries';
import { useMay } from '@/areas/frame/project';
import { OpenDialog, useOpened } from '@/form/JobDialogs';
import { JobHead } from '@/form/JobHead';
import { Variables } from '@/form/Variables';
import { Diff } from '@/ui/Diff';
import type { JobDialogs } from '@/ui/dialogs';
import { Loaded } from '@/ui/Loaded';
import { usePreferences } from '@/ui/preferences';
import { useStill } from '@/ui/useStill';
import { Editor } from './Editor';
import { Help } from './Help';
import { pluginAt, serverNames } from './names';
import { Problems } from './Problems';
import { Template } from './Template';
import { Toolbar } from './Toolbar';

export interface Draft extends Details {
  document: string;
}

type Panel = 'problems' | 'variables' | 'template' | 'help';

interface Props {
  project: string;
  given: SavedJob | null;
  initial: Draft;
  dialogs: JobDialogs;
  /** Shows what the server has now. */
  onReload: () => void;
}

/** A job as text: checked by the server as it is typed, its comments kept. */
export function Script({ project, given, initial, dialogs, onReload }: Props) {
  const { t } = useTranslation('script');
  const { message } = App.useApp();
  const { shown } = usePreferences();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const mayEdit = useMay('jobsEdit');
  const { opened, setOpened, close } = useOpened<'diff'>();
  const [panel, setPanel] = useState<Panel>(initial.document === '' ? 'template' : 'problems');
  const [target, setTarget] = useState<{ line: number; column: number } | null>(null);
  const [cursor, setCursor] = useState(0);
  const [bizdate, setBizdate] = useState<string | null>(null);

  const editing = useJobEditing<Draft>({
    project,
    mode: 'script',
    given,
    initial,
    write: (draft) => draft.document,
    read: readKept,
    onSaved: ({ id }, what) => {
      const next = what === 'run' || what === 'submit' ? what : undefined;
      if (next) setOpened(next);
      if (given) return;
      // The page of the saved job goes on where this one stops.
      const to = '/projects/$project/jobs/$job/script';
      void navigate({ to, params: { project, job: id }, search: { open: next }, replace: true });
    },
  });
  const { draft, saved, change } = editing;
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
  const isEmpty = draft.document.trim() === '';
  const report = useDocumentReport(
    project,
    still.document.trim() === ''
      ? null
      : { document: still.document, variables: still.variables, bizdate },
  );
  const problems = isEmpty ? [] : (report.data?.problems ?? []);
  const offer = useMemo(() => serverNames(project, queries), [project, queries]);
  const spot = useStill(cursor, 200);
  const plugin = panel === 'help' ? pluginAt(still.document, spot) : null;
  const published = saved?.publishedVersion ?? null;
  const before = useVersion(project, saved?.id ?? '', opened === 'diff' ? published : null);

  const marks = problems.flatMap(({ line, column, severity, message: text, hint }) =>
    line
      ? [{ line, column: column ?? 1, severity, message: [text, hint].filter(Boolean).join('\n') }]
      : [],
  );
  async function validate() {
    setPanel('problems');
    const { data } = await report.refetch();
    if (data?.isValid) message.success(t('isValid'));
  }

  return (
    <div className="page">
      <JobHead
        editing={editing}
        mayEdit={mayEdit}
        isEmpty={isEmpty}
        maySubmit={dialogs.Submit !== undefined}
        onOpen={setOpened}
        onReload={onReload}
      >
        <Toolbar
          isSaved={saved !== null}
          isEmpty={isEmpty}
          isChecking={report.isFetching}
          isPublished={published !== null}
          onFormat={() => {
            const edits = format(draft.document, undefined, { insertSpaces: true, tabSize: 2 });
            change({ ...draft, document: applyEdits(draft.document, edits) });
          }}
          onTemplate={() => setPanel('template')}
          onValidate={() => void validate()}
          onDiff={() => setOpened('diff')}
        />
      </JobHead>
      <Alert type="info" showIcon title={t('inScriptMode')} style={{ marginBottom: 12 }} />
      {report.error ? (
        <Alert
          type="warning"
          showIcon
          style={{ marginBottom: 12 }}
          title={t('notChecked')}
          description={report.error.message}
        />
      ) : null}
      <Flex gap={16} align="stretch" wrap>
        <div className="script-editor">
          <Editor
            label={t('document')}
            value={draft.document}
            schema={schema.data ?? null}
            marks={marks}
            offer={offer}
            isDark={shown === 'dark'}
            target={target}
            onCursor={setCursor}
            onChange={(document) => {
              if (document !== draft.document) change((now) => ({ ...now, document }));
            }}
          />
        </div>
        <div className="script-side">
          <Tabs
            activeKey={panel}
            onChange={(key) => setPanel(toPanel(key))}
            items={[
              {
                key: 'problems',
                label: t('problems', { count: problems.length }),
                children: (
                  <Problems
                    problems={problems}
                    isChecking={report.isFetching}
                    onGo={(line, column) => setTarget({ line, column })}
                  />
                ),
              },
              {
                key: 'variables',
                label: t('variables'),
                children: (
                  <Variables
                    variables={draft.variables}
                    problems={report.data?.variableProblems ?? []}
                    parameters={isEmpty ? [] : (report.data?.parameters ?? [])}
                    bizdate={bizdate}
                    onBizdate={setBizdate}
                    onChange={(variables) => change((now) => ({ ...now, variables }))}
                  />
                ),
              },
              {
                key: 'template',
                label: t('template'),
                children: (
                  <Template
                    project={project}
                    isEmpty={isEmpty}
                    onTake={(document) => change((now) => ({ ...now, document }))}
                  />
                ),
              },
              {
                key: 'help',
                label: t('help'),
                children: plugin ? <Help {...plugin} /> : <p>{t('helpHere')}</p>,
              },
            ]}
          />
        </div>
      </Flex>
      {saved ? (
        <OpenDialog
          opened={opened}
          dialogs={dialogs}
          project={project}
          job={saved.id}
          onClose={close}
          onRestored={onReload}
        />
      ) : null}
      <Modal
        open={opened === 'diff'}
        width={960}
        title={t('diffTitle', { version: published ?? 0 })}
        footer={null}
        onCancel={close}
      >
        <Loaded reading={before}>
          {({ document }) => <Diff before={document} after={draft.document} />}
        </Loaded>
      </Modal>
    </div>
  );
}

function toPanel(key: string): Panel {
  return key === 'variables' || key === 'template' || key === 'help' ? key : 'problems';
}

/** A draft that was kept in the browser, if it is one. */
function readKept(kept: Record<string, unknown>): Draft | null {
  if (typeof kept.document !== 'string') return null;
  return { ...readDetails(kept), document: kept.document };
}
