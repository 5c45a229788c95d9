/** The typed client of the API, and what goes wrong with it. */

import createClient, { type Middleware } from 'openapi-fetch';
import { getI18n } from 'react-i18next';
import type { components, paths } from './schema';

export type Schemas = components['schemas'];
export type Problem = Schemas['Problem'];

/** What the server refused, or that it did not answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: Schemas['Code'] | 'offline',
    message: string,
    readonly hint: string | null,
    readonly problems: Problem[],
    readonly requestId: string | null,
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** Whether the session has ended. */
  get isSignedOut(): boolean {
    return this.code === 'unauthenticated';
  }
}

let csrfToken: string | null = null;

/** Remembers the token that every change is sent with. */
export function setCsrfToken(token: string | null | undefined): void {
  csrfToken = token ?? null;
}

const session: Middleware = {
  onRequest({ request }) {
    // The page's language, unless it is only about to change.
    if (!request.headers.has('accept-language')) {
      request.headers.set('accept-language', document.documentElement.lang);
    }
    if (csrfToken && request.method !== 'GET') request.headers.set('x-csrf-token', csrfToken);
    return request;
  },
};

export const client = createClient<paths>({ baseUrl: '' });
client.use(session);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The value of an answer; every failure becomes an [ApiError]. */
export async function unwrap<T>(asked: Promise<Answer<T>>): Promise<T> {
  return (await answer(asked)).value;
}

/** The value together with its revision, which a change has to name. */
export async function answer<T>(
  asked: Promise<Answer<T>>,
): Promise<{ value: T; revision: string | null }> {
  let got: Answer<T>;
  try {
    got = await asked;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'offline', getI18n().t('offline'), null, [], null);
  }
  const { response } = got;
  if (!response.ok) throw refusal(got.error, response);
  // An answer without content has no data, and its type says so too.
  return { value: got.data as T, revision: response.headers.get('etag') };
}

function refusal(body: unknown, response: Response): ApiError {
  const id = response.headers.get('x-request-id');
  if (isErrorBody(body)) {
    const { code, message, hint, problems } = body.error;
    return new ApiError(response.status, code, message, hint ?? null, problems ?? [], id);
  }
  const text = getI18n().t('badStatus', { status: response.status });
  return new ApiError(response.status, 'internal', text, null, [], id);
}

function isErrorBody(body: unknown): body is Schemas['ErrorBody'] {
  return typeof body === 'object' && body !== null && 'error' in body;
}
