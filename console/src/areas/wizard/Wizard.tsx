import { useNavigate, useSearch } from '@tanstack/react-router';
import { Alert, Button, Flex } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useJobEditing, type SavedJob } from '@/api/jobs';
import { useDocumentReport } from '@/api/queries';
import { useMay } from '@/areas/frame/project';
import { OpenDialog, useOpened } from '@/form/JobDialogs';
import { JobHead } from '@/form/JobHead';
import { shownAs } from '@/lib/mapping';
import { isWithin } from '@/lib/pointer';
import { useStill } from '@/ui/useStill';
import { ChannelStep } from './ChannelStep';
import { problemsOfTables, SPLIT_KEY } from './checks';
import { readKept, stepOf, textOfDraft, type Draft } from './draft';
import { STEPS, type StepName } from './stepNames';
import { MappingStep } from './MappingStep';
import { ReviewStep } from './ReviewStep';
import { SideStep } from './SideStep';
import { StepBar } from './StepBar';
import type { Loss, StepProps } from './steps';
import { ToScript } from './ToScript';
import { useSides } from './useSides';
import type { WizardDialogs } from './WizardPage';

interface Props {
  project: string;
  given: SavedJob | null;
  initial: Draft;
  dialogs: WizardDialogs;
  /** Shows what the server has now. */
  onReload: () => void;
}

/** The five steps over one job document. What is typed is kept in this browser until it is saved. */
export function Wizard({ project, given, initial, dialogs, onReload }: Props) {
  const { t } = useTranslation('wizard');
  const navigate = useNavigate();
  const { step = 'source' } = useSearch({ strict: false });
  const [loss, setLoss] = useState<Loss | null>(null);
  const { opened, setOpened, close } = useOpened<'datasource'>();
  const [bizdate, setBizdate] = useState<string | null>(null);
  const mayEdit = useMay('jobsEdit');
  const { NewDatasource } = dialogs;

  const editing = useJobEditing<Draft>({
    project,
    mode: 'wizard',
    given,
    initial,
    write: textOfDraft,
    read: readKept,
    onSaved: ({ id }, what) => {
      const dialog = what === 'run' || what === 'submit' ? what : undefined;
      if (dialog) setOpened(dialog);
      const params = { project, job: id };
      if (what === 'script') {
        void navigate({ to: '/projects/$project/jobs/$job/script', params });
      } else if (!given) {
        // The page of the saved job goes on where this one stops.
        const to = '/projects/$project/jobs/$job/wizard';
        void navigate({ to, params, search: { step, open: dialog }, replace: true });
      }
    },
  });
  const { draft, saved, save, change } = editing;
  const looked = useSides(project, draft.document);
  const still = useStill(draft, 500);
  const report = useDocumentReport(project, {
    document: textOfDraft(still),
    variables: still.variables,
    bizdate,
  });
  const ofTables = problemsOfTables(draft.document, looked, t);
  const problems = [...(report.data?.problems ?? []), ...ofTables];
  // The server looks at no table before a run, so that these would be told by its failure.
  const wrong = ofTables.filter((problem) => problem.severity === 'error').length;

  const [aim, setAim] = useState<{ step: StepName; pointer: string } | null>(null);
  const go = (next: StepName, pointer?: string) => {
    setAim(pointer === undefined ? null : { step: next, pointer });
    void navigate({ to: '.', search: (known) => ({ ...known, step: next }) });
  };
  const reached = useRef(aim);
  // Who comes for a problem finds the field with the focus in it, once it is there.
  useEffect(() => {
    if (aim === null || aim === reached.current || aim.step !== step) return;
    const field = fieldAt(aim.pointer);
    if (!field) return;
    field.focus();
    reached.current = aim;
  });

  const props: StepProps = {
    project,
    draft,
    onChange: change,
    onLoss: setLoss,
    problems: problems.filter((problem) => stepOf(problem) === step),
    parameters: report.data?.parameters ?? [],
    onNewDatasource: () => setOpened('datasource'),
  };
  const index = STEPS.indexOf(step);
  const [previous, next] = [STEPS[index - 1], STEPS[index + 1]];
  const { source, target, ends } = looked;
  const toScript = (
    <ToScript
      may={mayEdit}
      isNamed={draft.name.trim() !== ''}
      onScript={() => save.mutate({ draft, next: 'script', mode: 'script' })}
    />
  );
  return (
    <div className="page">
      <JobHead
        editing={editing}
        mayEdit={mayEdit}
        blocked={wrong > 0 ? t('notYet', { count: wrong }) : undefined}
        maySubmit={dialogs.Submit !== undefined}
        onOpen={setOpened}
        onReload={onReload}
      >
        {toScript}
      </JobHead>
      {loss ? (
        <Alert
          type="warning"
          showIcon
          closable={{ onClose: () => setLoss(null) }}
          style={{ marginBottom: 16 }}
          title={
            loss.pairs.length > 0 ? t('lost', { count: loss.pairs.length }) : t('settingsLost')
          }
          description={loss.pairs.map((it) => `${shownAs(it.source)} → ${it.target}`).join(', ')}
          action={
            <Button
              size="small"
              onClick={() => {
                change((now) => ({ ...now, document: loss.before }));
                setLoss(null);
              }}
            >
              {t('undo')}
            </Button>
          }
        />
      ) : null}
      <StepBar draft={draft} step={step} problems={problems} onGo={go} />
      {step === 'source' ? (
        <SideStep
          key="reader"
          {...props}
          side="reader"
          view={source}
          other={target}
          toScript={toScript}
        />
      ) : null}
      {step === 'target' ? (
        <SideStep
          key="writer"
          {...props}
          side="writer"
          view={target}
          other={source}
          toScript={toScript}
        />
      ) : null}
      {step === 'mapping' ? (
        <MappingStep
          {...props}
          job={saved?.id ?? `new.${project}`}
          source={source}
          target={target}
          ends={ends}
          aim={aim?.pointer ?? null}
          onGo={go}
        />
      ) : null}
      {step === 'channel' ? (
        <ChannelStep
          {...props}
          // Channels without a split key are told where they are counted, too.
          problems={problems.filter((it) => stepOf(it) === step || it.pointer === SPLIT_KEY)}
          source={source}
          target={target}
          onGo={go}
        />
      ) : null}
      {step === 'review' ? (
        <ReviewStep
          {...props}
          source={source}
          target={target}
          all={problems}
          isChecking={report.isFetching}
          report={report.data}
          bizdate={bizdate}
          onBizdate={setBizdate}
          onGo={go}
        />
      ) : null}
      {report.error ? (
        <Alert type="warning" showIcon title={t('notChecked')} description={report.error.message} />
      ) : null}
      <Flex gap={8} style={{ marginTop: 24 }}>
        {previous ? <Button onClick={() => go(previous)}>{t('previous')}</Button> : null}
        {next ? (
          <Button type="primary" ghost onClick={() => go(next)}>
            {t('next')}
          </Button>
        ) : null}
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
      {opened === 'datasource' ? <NewDatasource project={project} onClose={close} /> : null}
    </div>
  );
}

/** The control of the field that a problem speaks of, or of the nearest one around it. */
function fieldAt(pointer: string): HTMLElement | null {
  const fields = [...document.querySelectorAll<HTMLElement>('[data-pointer]')];
  const [nearest] = fields
    .filter((field) => isWithin(pointer, field.dataset.pointer ?? '?'))
    .toSorted((a, b) => (b.dataset.pointer?.length ?? 0) - (a.dataset.pointer?.length ?? 0));
  return nearest?.querySelector<HTMLElement>('input, textarea, button, [tabindex="0"]') ?? null;
}
