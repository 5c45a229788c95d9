import { App } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { openerNow } from './useOpener';

interface Asked {
  /** The question, with the name of the thing. */
  title: string;
  /** What follows. */
  help: ReactNode;
  /** What the button says, if not "Delete". */
  ok?: string;
  /** What the other button says, if not "Cancel". */
  cancel?: string;
  /** Whether nothing is taken away. */
  isSafe?: boolean;
  act: () => unknown;
}

/** Asks before something is done that has consequences; whoever does it tells when it fails. */
export function useAsk(): (asked: Asked) => void {
  const { t } = useTranslation('common');
  const { modal } = App.useApp();
  return ({ title, help, ok, cancel, isSafe = false, act }) => {
    const giveBack = openerNow();
    void modal.confirm({
      width: 480,
      title,
      content: help,
      okText: ok ?? t('delete'),
      okButtonProps: { danger: !isSafe },
      cancelText: cancel ?? t('cancel'),
      onOk: async () => {
        try {
          await act();
        } catch {
          // The question is answered; what failed is told elsewhere.
        }
      },
      // What the act has opened keeps the focus.
      afterClose: () => {
        const { activeElement } = document;
        if (activeElement === document.body || activeElement?.closest('.ant-modal-confirm')) {
          giveBack();
        }
      },
    });
  };
}
