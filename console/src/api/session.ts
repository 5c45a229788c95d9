/** Who is signed in, and what they keep in their account. */

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { usePreferences, type Chosen } from '@/ui/preferences';
import { answer, ApiError, client, setCsrfToken, unwrap, type Schemas } from './client';
import { useChange } from './hooks';

export const SESSION = ['session'];

/** The session, or null where there is none. */
export async function readSession(): Promise<Schemas['SessionView'] | null> {
  try {
    const session = await unwrap(client.GET('/api/v1/session'));
    setCsrfToken(session.csrfToken);
    return session;
  } catch (error) {
    if (error instanceof ApiError && error.isSignedOut) return null;
    throw error;
  }
}

export function useSession(): Schemas['SessionView'] | null {
  return useQuery({ queryKey: SESSION, queryFn: readSession, staleTime: Infinity }).data ?? null;
}

/** Whether the reader administers the instance. */
export function useIsAdmin(): boolean {
  return useSession()?.account.isAdmin ?? false;
}

/** Ends the session, and forgets what was read in it. */
export function useSignOut() {
  const queries = useQueryClient();
  return useChange({
    change: () => unwrap(client.DELETE('/api/v1/session')),
    onDone: () => {
      queries.clear();
      queries.setQueryData(SESSION, null);
    },
  });
}

/** Changes language, colours or zone at once, and keeps the choice in the account for other browsers. */
export function useChoose(): (change: Partial<Chosen>) => void {
  const { language, appearance, zone, choose } = usePreferences();
  const session = useSession();
  const keep = useChange({
    change: async (chosen: Chosen) => {
      const params = { path: { account: session?.account.id ?? '' } };
      const { value, revision } = await answer(
        client.GET('/api/v1/accounts/{account}', { params }),
      );
      return unwrap(
        client.PATCH('/api/v1/accounts/{account}', {
          params: { ...params, header: { 'If-Match': revision ?? '' } },
          body: { preferences: { ...value.preferences, ...chosen } },
        }),
      );
    },
  });
  return (change) => {
    choose(change);
    if (session) keep.mutate({ language, appearance, zone, ...change });
  };
}
