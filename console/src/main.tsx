import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { App as AntApp, ConfigProvider } from 'antd';
import dayjs from 'dayjs';
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from '@/api/client';
import { sessionEnded } from '@/areas/session/ended';
import { SessionGate } from '@/areas/session/SessionGate';
import { loadLanguage, speak, startTranslation, type Language } from '@/i18n';
import { router } from '@/routes';
import { PreferencesProvider, usePreferences } from '@/ui/preferences';
import { themeOf } from '@/ui/theme';
import '@/ui/base.css';
import '@/ui/operate.css';
import '@/ui/build.css';

const translation = startTranslation();

function note(error: Error) {
  if (error instanceof ApiError && error.isSignedOut) sessionEnded.tell();
}

const queries = new QueryClient({
  queryCache: new QueryCache({ onError: note }),
  mutationCache: new MutationCache({ onError: note }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What was refused is refused again; only silence is asked anew.
      retry: (failures, error) =>
        failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 502),
    },
  },
});

function Console() {
  const { language, shown, isStill } = usePreferences();
  const [spoken, setSpoken] = useState<Language | null>(null);
  useEffect(() => {
    let isWanted = true;
    void loadLanguage(language).then(async (loaded) => {
      if (!isWanted) return;
      await speak(translation, language, loaded);
      dayjs.locale(loaded.dates);
      setSpoken(loaded);
    });
    return () => {
      isWanted = false;
    };
  }, [language]);
  if (!spoken) return null;
  return (
    <ConfigProvider
      theme={themeOf(shown, !isStill)}
      locale={spoken.widgets}
      // antd parts two Chinese characters by a space, which screen readers and searches stumble over.
      button={{ autoInsertSpace: false }}
    >
      <AntApp>
        <SessionGate>
          <RouterProvider router={router} />
        </SessionGate>
      </AntApp>
    </ConfigProvider>
  );
}

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <PreferencesProvider>
          <Console />
        </PreferencesProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
