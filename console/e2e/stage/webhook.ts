/** A receiver of messages, as a chat or a pager is one. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Webhook {
  address: string;
  /** What has arrived so far. */
  messages: string[];
  stop: () => Promise<void>;
}

export async function startWebhook(): Promise<Webhook> {
  const messages: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => (text += part));
    request.on('end', () => {
      messages.push(text);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on an address and a port has them both.
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/alerts`,
    messages,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
