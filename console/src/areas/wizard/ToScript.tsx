import { App, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Guarded } from '@/ui/Guarded';

interface Props {
  may: boolean;
  isNamed: boolean;
  onScript: () => void;
}

/** Makes a script of the job, after it was told what that means. */
export function ToScript({ may, isNamed, onScript }: Props) {
  const { t } = useTranslation('wizard');
  const { t: editing } = useTranslation('editing');
  const { t: common } = useTranslation('common');
  const { modal } = App.useApp();
  const isReady = may && isNamed;
  function ask() {
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
      onOk: onScript,
    });
  }
  return (
    <Guarded may={isReady} why={may ? editing('needsName') : undefined}>
      <Button disabled={!isReady} onClick={ask}>
        {t('toScript')}
      </Button>
    </Guarded>
  );
}
