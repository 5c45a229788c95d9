import { App, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Guarded } from '@/ui/Guarded';

interface Props {
  mayEdit: boolean;
  isNamed: boolean;
  isSaved: boolean;
  isChanged: boolean;
  isSaving: boolean;
  onScript: () => void;
  onVersions: () => void;
  onSave: () => void;
  onRun: () => void;
  onSubmit?: (() => void) | undefined;
}

/** What can be done with the job that is edited. */
export function Actions(props: Props) {
  const { mayEdit, isNamed, isSaved, isChanged, isSaving, onSubmit } = props;
  const { t } = useTranslation('wizard');
  const { t: editing } = useTranslation('editing');
  const { t: common } = useTranslation('common');
  const { modal } = App.useApp();
  const isReady = mayEdit && isNamed;
  const why = mayEdit ? editing('needsName') : undefined;
  function askForScript() {
    void modal.confirm({
      width: 520,
      title: t('toScript'),
      content: (
        <>
          <p>{t('toScriptHelp')}</p>
          <ul>
            <li>{t('toScriptLoses')}</li>
            <li>{t('toScriptKeeps')}</li>
          </ul>
        </>
      ),
      okText: t('toScriptOk'),
      cancelText: common('cancel'),
      onOk: props.onScript,
    });
  }
  return (
    <>
      {isSaved ? <Button onClick={props.onVersions}>{editing('history')}</Button> : null}
      <Guarded may={isReady} why={why}>
        <Button disabled={!isReady} onClick={askForScript}>
          {t('toScript')}
        </Button>
      </Guarded>
      <Guarded may={isReady} why={why}>
        <Button disabled={!isReady || isSaving} onClick={props.onRun}>
          {isSaved && !isChanged ? editing('run') : editing('saveAndRun')}
        </Button>
      </Guarded>
      {onSubmit ? (
        <Guarded may={isReady} why={why}>
          <Button disabled={!isReady || isSaving} onClick={onSubmit}>
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
