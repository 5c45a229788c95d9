/** What tests of components need around them. */

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import { App } from 'antd';
import type { ReactNode } from 'react';
import { vi } from 'vitest';
import { client } from '@/api/client';
import { startTranslation } from '@/i18n';
import { words } from '@/i18n/en';

export function show(children: ReactNode) {
  startTranslation('en', words);
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return render(
    <QueryClientProvider client={queries}>
      <App>{children}</App>
    </QueryClientProvider>,
  );
}

/** Lets the server answer questions, by the end of their address. Returns the addresses that were asked. */
export function serve(answers: Record<string, () => unknown>): string[] {
  const asked: string[] = [];
  vi.spyOn(client, 'GET').mockImplementation((async (url: string) => {
    asked.push(url);
    const found = Object.entries(answers).find(([end]) => url.endsWith(end));
    if (!found) return { error: {}, response: new Response(null, { status: 404 }) };
    return { data: found[1](), response: new Response() };
    // The real one is typed address by address, which no stand-in can be.
  }) as unknown as typeof client.GET);
  return asked;
}
