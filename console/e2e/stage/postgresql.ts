/** Databases of the stories, and PostgreSQL's own client to look into them. */

import { spawn } from 'node:child_process';
import { environment, psqlProgram } from './environment';

export interface Database {
  name: string;
  /** The owner, as whom data sources log in. */
  username: string;
  password: string;
  /** As a data source names it. */
  jdbcUrl: string;
  /** As a server that keeps its own data here names it. */
  url: string;
  /** Runs statements as the owner; rows as lines, columns between `|`. */
  sql: (statements: string) => Promise<string>;
}

let made = 0;

/** A new database with an owner of the same name. */
export async function createDatabase(purpose: string): Promise<Database> {
  made += 1;
  const name = `e2e_${purpose}_${process.pid}_${made}`;
  const password = `hunter2-${purpose}`;
  const server = new URL(environment().postgresql);
  await psql(server, `CREATE ROLE ${name} LOGIN PASSWORD '${password}';`);
  await psql(server, `CREATE DATABASE ${name} OWNER ${name};`);
  const own = new URL(`/${name}`, server);
  Object.assign(own, { username: name, password });
  return {
    name,
    username: name,
    password,
    jdbcUrl: `jdbc:postgresql://${server.host}/${name}`,
    url: own.href,
    sql: (statements) => psql(own, statements),
  };
}

/** Runs statements that come on the standard input, so that no list of processes shows them. */
async function psql(address: URL, statements: string): Promise<string> {
  const child = spawn(psqlProgram(), ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1'], {
    env: {
      ...process.env,
      PGHOST: address.hostname,
      PGPORT: address.port,
      PGUSER: decodeURIComponent(address.username),
      PGPASSWORD: decodeURIComponent(address.password),
      PGDATABASE: address.pathname.slice(1),
    },
  });
  let [output, complaint] = ['', ''];
  child.stdout.on('data', (part) => (output += part));
  child.stderr.on('data', (part) => (complaint += part));
  child.stdin.end(statements);
  const code = await new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  if (code !== 0) throw new Error(`psql ended with ${code}: ${complaint}`);
  return output.trimEnd();
}
