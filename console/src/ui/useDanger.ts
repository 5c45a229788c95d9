import { App } from 'antd';
import { useTranslation } from 'react-i18next';

interface Asked {
  /** The question, with the name of the thing. */
  title: string;
  /** What follows. */
  help: string;
  /** What the button says, if not "Delete". */
  ok?: string;
  act: () => Promise<unknown>;
}

/** Asks before something is taken away; whoever takes it tells when that fails. */
export function useDanger(): (asked: Asked) => void {
  const { t } = useTranslation('common');
  const { modal } = App.useApp();
  return ({ title, help, ok, act }) =>
    void modal.confirm({
      title,
      content: help,
      okText: ok ?? t('delete'),
      okButtonProps: { danger: true },
      cancelText: t('cancel'),
      onOk: () => act().catch(() => undefined),
    });
}
