/** Processes beside the tests: started, waited for, and ended by their own id. */

import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { environment } from './environment';

export interface Service {
  /** What stood behind each announcement. */
  said: Record<string, string>;
  stop: () => Promise<void>;
}

interface Start {
  /** Names the log. */
  name: string;
  program: string;
  arguments: string[];
  variables?: Record<string, string>;
  /** The beginnings of the lines that are waited for, with a name for what follows. */
  announcements: Record<string, string>;
}

/** How long a process may take until it has announced everything, in milliseconds. */
const PATIENCE = 60_000;

export async function startService(start: Start): Promise<Service> {
  const { programs, output } = environment();
  const child = spawn(path.join(programs, start.program), start.arguments, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_PROXY: '*', ...start.variables },
  });
  const log = createWriteStream(path.join(output, `console-${start.name}-${child.pid}.log`));
  const ended = new Promise<void>((resolve) => child.once('close', () => log.end(resolve)));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  try {
    return { said: await announced(child, start, (line) => log.write(`${line}\n`)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function announced(child: ChildProcess, start: Start, note: (line: string) => void) {
  const said: Record<string, string> = {};
  const wanted = Object.entries(start.announcements);
  const last: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new Error([`${start.name} ${why}`, ...last].join('\n')));
    const timer = setTimeout(() => fail('is not ready'), PATIENCE);
    child.once('error', (error) => fail(`cannot be started: ${error.message}`));
    child.once('exit', (code) => fail(`has ended with ${code}`));
    const read = (line: string) => {
      note(line);
      last.push(line);
      last.splice(0, last.length - 20);
      for (const [name, beginning] of wanted) {
        const at = line.indexOf(beginning);
        if (at >= 0) said[name] = line.slice(at + beginning.length).trim();
      }
      if (wanted.every(([name]) => name in said)) {
        clearTimeout(timer);
        resolve();
      }
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', read);
    }
  });
  return said;
}
