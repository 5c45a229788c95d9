/** The real server, and its API as a program uses it. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from '../../src/api/schema';
import { startService } from './service';

export type Schemas = components['schemas'];
export type Api = Client<paths>;

export interface Server {
  address: string;
  /** What the first administrator is created with; empty when there is one. */
  token: string;
  folder: string;
  stop: () => Promise<void>;
}

interface Options {
  name: string;
  /** A PostgreSQL database for the server's own data; SQLite in its folder without it. */
  store?: string;
}

export async function startServer({ name, store }: Options): Promise<Server> {
  const folder = await mkdtemp(path.join(tmpdir(), `longshore-${name}-`));
  const service = await startService({
    name,
    program: 'longshore',
    arguments: ['serve', '--folder', folder, '--listen', '127.0.0.1:0'],
    variables: store === undefined ? {} : { LONGSHORE_STORE: store },
    announcements: {
      token: 'create the administrator with this one-time token: ',
      address: 'listening on ',
    },
  });
  return {
    address: service.said.address ?? '',
    token: service.said.token ?? '',
    folder,
    stop: async () => {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const ADMINISTRATOR = { name: 'admin', password: 'hunter2-administrator' };

export interface SignedIn {
  api: Api;
  /** The session, for a browser to go on with. */
  cookie: { name: string; value: string };
}

/** Creates the administrator and lets jobs reach the stores of this machine. */
export async function setUp(server: Server): Promise<SignedIn> {
  const cookie = { name: '', value: '' };
  let csrfToken = '';
  const api = createClient<paths>({ baseUrl: server.address });
  api.use({
    onRequest({ request }) {
      if (cookie.value) request.headers.set('cookie', `${cookie.name}=${cookie.value}`);
      if (csrfToken) request.headers.set('x-csrf-token', csrfToken);
      return request;
    },
    onResponse({ response }) {
      for (const text of response.headers.getSetCookie()) {
        const [name = '', value = ''] = (text.split(';')[0] ?? '').split('=');
        Object.assign(cookie, { name, value });
      }
    },
  });
  const body = { token: server.token, ...ADMINISTRATOR };
  csrfToken = ok(await api.POST('/api/v1/setup', { body })).csrfToken ?? '';
  const settings = await api.GET('/api/v1/settings');
  const header = { 'If-Match': revisionOf(settings) };
  ok(
    await api.PUT('/api/v1/settings', {
      params: { header },
      body: { ...ok(settings), outboundLoopback: true },
    }),
  );
  return { api, cookie };
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The value of an answer; a refusal is an error with all that the server said. */
export function ok<T>({ data, error, response }: Answer<T>): T {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${JSON.stringify(error)}`);
  // An answer without content has no data, and its type says so too.
  return data as T;
}

export function revisionOf({ response }: { response: Response }): string {
  return response.headers.get('etag') ?? '';
}
