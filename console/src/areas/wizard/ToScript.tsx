import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Guarded } from '@/ui/Guarded';
import { useAsk } from '@/ui/useAsk';

interface Props {
  may: boolean;
  isNamed: boolean;
  onScript: () => void;
}

/** Makes a script of the job, after it was told what that means. */
export function ToScript({ may, isNamed, onScript }: Props) {
  const { t } = useTranslation('wizard');
  const { t: editing } = useTranslation('editing');
  const askFirst = useAsk();
  const isReady = may && isNamed;
  function ask() {
    askFirst({
      title: t('toScript'),
      help: (
        <>
          <p>{t('toScriptHelp')}</p>
          <ul>
            <li>{t('toScriptLoses')}</li>
            <li>{t('toScriptKeeps')}</li>
          </ul>
        </>
      ),
      ok: t('toScriptOk'),
      act: onScript,
      isSafe: true,
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
