import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { words as en } from './en';

const CONNECTORS = '../crates/connectors/src';
const PROBE = '../crates/server/src/datasources/probe.rs';
const NAMED = /(?:\bnote\(stages,|\.(?:run|add)\(|\bname:)\s*"([a-z ]+)"/g;

test('every stage of a connectivity test has its words', () => {
  const files = readdirSync(CONNECTORS).map((name) => `${CONNECTORS}/${name}/browse.rs`);
  const texts = [PROBE, ...files.filter(existsSync)].map((file) => readFileSync(file, 'utf8'));
  const stages = texts.flatMap((text) => [...text.matchAll(NAMED)].map((found) => found[1]));
  // Each connector and the server have some.
  expect(texts.length).toBeGreaterThan(3);
  expect(stages.length).toBeGreaterThan(texts.length);
  for (const stage of stages) expect(Object.keys(en.datasources.stage)).toContain(stage);
});
