/** The local MaxCompute, and its SQL jobs as any client submits them. */

import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startService } from './service';

export const KEY = { id: 'stories', secret: 'hunter2-maxcompute' };
export const MAXCOMPUTE_PROJECT = 'demo';

export interface MaxCompute {
  endpoint: string;
  /** Runs a statement to its end; the result of a query as CSV with a header line. */
  sql: (statement: string) => Promise<string>;
  stop: () => Promise<void>;
}

export async function startMaxCompute(): Promise<MaxCompute> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longshore-maxcompute-'));
  const service = await startService({
    name: 'maxcompute',
    program: 'maxcompute-emulator',
    arguments: [
      ['--data', folder],
      ['--listen', '127.0.0.1:0'],
      ['--project', MAXCOMPUTE_PROJECT],
      ['--access-id', KEY.id],
      ['--access-key', KEY.secret],
    ].flat(),
    announcements: { endpoint: 'listening on ' },
  });
  const endpoint = service.said.endpoint ?? '';
  return {
    endpoint,
    sql: (statement) => run(endpoint, statement),
    stop: async () => {
      await service.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** How often the state of a job is asked for until it counts as hanging, and after how many milliseconds each. */
const QUESTIONS = 1_200;
const BETWEEN = 25;

async function run(endpoint: string, statement: string): Promise<string> {
  const submitted = await ask(endpoint, 'POST', '', document(statement));
  const id = submitted.headers.get('location')?.split('/').at(-1) ?? '';
  for (let question = 0; question < QUESTIONS; question += 1) {
    const state = await (await ask(endpoint, 'GET', `/${id}?taskstatus`)).text();
    if (/<Status>(Success|Failed|Cancelled)</i.test(state)) {
      const result = resultOf(await (await ask(endpoint, 'GET', `/${id}?result`)).text());
      if (!/<Status>Success</i.test(state)) throw new Error(`${statement}: ${result}`);
      return result;
    }
    await pause(BETWEEN);
  }
  throw new Error(`${statement}: has not ended`);
}

function document(statement: string): string {
  const settings = JSON.stringify({ 'odps.sql.type.system.odps2': 'true' });
  return `<?xml version="1.0" encoding="utf-8"?>
<Instance><Job><Priority>9</Priority><Tasks><SQL><Name>AnonymousSQLTask</Name>
<Config><Property><Name>settings</Name><Value><![CDATA[${settings}]]></Value></Property></Config>
<Query><![CDATA[${statement};]]></Query></SQL></Tasks><DAG><RunMode>Sequence</RunMode></DAG></Job></Instance>`;
}

function resultOf(xml: string): string {
  const [, transform = '', text = ''] = /<Result([^>]*)>(?:<!\[CDATA\[)?([^<\]]*)/.exec(xml) ?? [];
  return /base64/i.test(transform) ? Buffer.from(text, 'base64').toString() : text;
}

/** A request that is signed as section 2 of the protocol's description says. */
async function ask(endpoint: string, method: string, rest: string, body?: string) {
  const resource = `/projects/${MAXCOMPUTE_PROJECT}/instances${rest}`;
  const date = new Date().toUTCString();
  const type = body === undefined ? '' : 'application/xml';
  const canonical = [method, '', type, date, resource].join('\n');
  const signature = createHmac('sha1', KEY.secret).update(canonical).digest('base64');
  const response = await fetch(`${endpoint}${resource}`, {
    method,
    headers: {
      date,
      authorization: `ODPS ${KEY.id}:${signature}`,
      ...(body === undefined ? {} : { 'content-type': type }),
    },
    body,
  });
  if (!response.ok) throw new Error(`${resource}: ${response.status} ${await response.text()}`);
  return response;
}
