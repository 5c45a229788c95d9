import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Guarded } from '@/ui/Guarded';

interface Props {
  mayEdit: boolean;
  isNamed: boolean;
  isSaved: boolean;
  isChanged: boolean;
  isSaving: boolean;
  isEmpty: boolean;
  isChecking: boolean;
  isPublished: boolean;
  onFormat: () => void;
  onTemplate: () => void;
  onValidate: () => void;
  onDiff: () => void;
  onVersions: () => void;
  onSave: () => void;
  onRun: () => void;
  onSubmit?: (() => void) | undefined;
}

/** What can be done with the script that is edited. */
export function Toolbar(props: Props) {
  const { mayEdit, isNamed, isSaved, isChanged, isSaving, isEmpty, isPublished } = props;
  const { t } = useTranslation('script');
  const { t: editing } = useTranslation('editing');
  const { t: common } = useTranslation('common');
  const isReady = mayEdit && isNamed;
  const why = mayEdit ? editing('needsName') : undefined;
  return (
    <>
      <Button disabled={isEmpty} onClick={props.onFormat}>
        {t('format')}
      </Button>
      <Button onClick={props.onTemplate}>{t('importTemplate')}</Button>
      <Button disabled={isEmpty} loading={props.isChecking} onClick={props.onValidate}>
        {t('validate')}
      </Button>
      {isSaved ? (
        <>
          <Guarded may={isPublished} why={t('notPublished')}>
            <Button disabled={!isPublished} onClick={props.onDiff}>
              {t('diff')}
            </Button>
          </Guarded>
          <Button onClick={props.onVersions}>{editing('history')}</Button>
        </>
      ) : null}
      <Guarded may={isReady} why={why}>
        <Button disabled={!isReady || isSaving || isEmpty} onClick={props.onRun}>
          {isSaved && !isChanged ? editing('run') : editing('saveAndRun')}
        </Button>
      </Guarded>
      {props.onSubmit ? (
        <Guarded may={isReady} why={why}>
          <Button disabled={!isReady || isSaving || isEmpty} onClick={props.onSubmit}>
            {editing('submit')}
          </Button>
        </Guarded>
      ) : null}
      <Guarded may={isReady} why={why}>
        <Button type="primary" loading={isSaving} disabled={!isReady} onClick={props.onSave}>
          {common('save')}
        </Button>
      </Guarded>
    </>
  );
}
