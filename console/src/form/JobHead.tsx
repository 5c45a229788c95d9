import { Button, Input } from 'antd';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Details, JobEditing } from '@/api/jobs';
import { EditNotices } from '@/ui/EditNotices';
import { Guarded } from '@/ui/Guarded';
import { PageTitle } from '@/ui/PageTitle';
import { SavedState } from '@/ui/SavedState';
import { FormFailure } from './FormFailure';
import { Theirs } from './Theirs';

interface Props<D extends Details> {
  editing: JobEditing<D>;
  mayEdit: boolean;
  /** Whether there is nothing yet that could run. */
  isEmpty?: boolean;
  /** What is wrong so that it can be saved, but not run. */
  blocked?: string | undefined;
  onOpen: (dialog: 'run' | 'submit' | 'versions') => void;
  maySubmit: boolean;
  /** Shows what the server has now. */
  onReload: () => void;
  /** What can be done in this editor alone. */
  children: ReactNode;
}

/** The head of an editor of jobs: the name, whether all is saved, what can be done, and what is in the way. */
export function JobHead<D extends Details>(props: Props<D>) {
  const { editing, mayEdit, isEmpty = false, blocked, onOpen, maySubmit, onReload } = props;
  const { draft, saved, save, change, isChanged, notices } = editing;
  const { t } = useTranslation('editing');
  const { t: common } = useTranslation('common');
  const [isComparing, setComparing] = useState(false);
  const isReady = mayEdit && draft.name.trim() !== '';
  const why = mayEdit ? t('needsName') : undefined;
  const mayRun = isReady && blocked === undefined;
  const whyNot = isReady ? blocked : why;
  const open = (dialog: 'run' | 'submit') => {
    if (saved && !isChanged) onOpen(dialog);
    else save.mutate({ draft, next: dialog });
  };
  return (
    <>
      <PageTitle
        title={
          <Input
            aria-label={common('name')}
            placeholder={t('namePlaceholder')}
            variant="underlined"
            maxLength={128}
            className="title-input"
            status={save.error?.problems.some((it) => it.pointer === '/name') ? 'error' : undefined}
            value={draft.name}
            onChange={(event) => change({ ...draft, name: event.target.value })}
          />
        }
        beside={
          <SavedState isChanged={isChanged} isSaving={save.isPending} at={saved?.at ?? null} />
        }
        actions={
          <>
            {props.children}
            {saved ? <Button onClick={() => onOpen('versions')}>{t('history')}</Button> : null}
            <Guarded may={mayRun} why={whyNot}>
              <Button disabled={!mayRun || save.isPending || isEmpty} onClick={() => open('run')}>
                {saved && !isChanged ? t('run') : t('saveAndRun')}
              </Button>
            </Guarded>
            {maySubmit ? (
              <Guarded may={mayRun} why={whyNot}>
                <Button
                  disabled={!mayRun || save.isPending || isEmpty}
                  onClick={() => open('submit')}
                >
                  {t('submit')}
                </Button>
              </Guarded>
            ) : null}
            <Guarded may={isReady} why={why}>
              <Button
                type="primary"
                loading={save.isPending}
                disabled={!isReady}
                onClick={() => save.mutate({ draft, next: 'stay' })}
              >
                {common('save')}
              </Button>
            </Guarded>
          </>
        }
      />
      <EditNotices
        {...notices}
        onReload={() => {
          editing.forget();
          onReload();
        }}
        onCompare={() => setComparing(true)}
      />
      {saved && isComparing ? (
        <Theirs
          project={editing.project}
          job={saved.id}
          mine={editing.text()}
          onClose={() => setComparing(false)}
        />
      ) : null}
      {save.error && save.error.code !== 'changed' ? <FormFailure error={save.error} /> : null}
    </>
  );
}
