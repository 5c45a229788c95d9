/** What the stories need from outside. `cargo xtask test` provides all of it. */

import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

export interface Environment {
  /** The folder of the executables `longshore` and `maxcompute-emulator`. */
  programs: string;
  /** The address of a running PostgreSQL, with the right to create databases and roles. */
  postgresql: string;
  /** Where every server leaves its log. */
  output: string;
  chromium: string;
}

const NEEDED = {
  LONGSHORE_PROGRAMS: 'the folder of the executables longshore and maxcompute-emulator',
  LONGSHORE_TEST_POSTGRESQL: 'the address of a PostgreSQL server, as a superuser',
  LONGSHORE_TEST_OUTPUT: 'a folder for the logs of the servers',
};

/** The environment, or one message that says all that is missing and what to run instead. */
export function environment(): Environment {
  const {
    LONGSHORE_PROGRAMS: programs = '',
    LONGSHORE_TEST_POSTGRESQL: postgresql = '',
    LONGSHORE_TEST_OUTPUT: output = '',
    CHROMIUM: chromium = '/usr/bin/chromium',
  } = process.env;
  const missing = Object.entries(NEEDED)
    .filter(([name]) => !process.env[name])
    .map(([name, meaning]) => `${name} is not set: ${meaning}`);
  if (!existsSync(chromium)) {
    missing.push(`${chromium} is not there: install the package chromium, or name one in CHROMIUM`);
  }
  if (missing.length > 0) {
    throw new Error(
      `the stories need real servers; run \`cargo xtask test -p console\`, which starts them\n  ${missing.join('\n  ')}`,
    );
  }
  return { programs, postgresql, output, chromium };
}

/** PostgreSQL's own client, which Debian keeps beside the server. */
export function psqlProgram(): string {
  const above = '/usr/lib/postgresql';
  const versions = existsSync(above) ? readdirSync(above) : [];
  const found = versions.map((it) => path.join(above, it, 'bin/psql')).filter(existsSync);
  return found.at(-1) ?? 'psql';
}
