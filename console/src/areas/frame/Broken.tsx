import { useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Failure } from '@/ui/Failure';
import { PageTitle } from '@/ui/PageTitle';

/** How browsers say that a part of the program is not there: Chromium and Safari, Firefox, and what Vite adds. */
const GONE = /dynamically imported module|Importing a module script|Unable to preload/i;

/**
 * A page that cannot be shown. Where a part of the console is gone, the server has a newer one; anything else is a
 * fault of the page, and is told as such.
 */
export function Broken({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation('common');
  const router = useRouter();
  const message = error instanceof Error ? error.message : String(error);
  const isOld = GONE.test(message);
  return (
    <main className="page">
      <PageTitle title={t(isOld ? 'newVersion' : 'broken')} />
      <Failure
        message={t(isOld ? 'newVersionHelp' : 'brokenHelp')}
        hint={isOld ? null : message}
        action={t(isOld ? 'reload' : 'retry')}
        onRetry={() => {
          if (isOld) {
            location.reload();
            return;
          }
          reset();
          void router.invalidate();
        }}
      />
    </main>
  );
}
