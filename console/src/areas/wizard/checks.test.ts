import { createInstance } from 'i18next';
import { describe, expect, it } from 'vitest';
import { words } from '@/i18n/en';
import { emptyDocument, type JobDocument } from '@/lib/document';
import { freeField, withPairs, type Field } from '@/lib/mapping';
import { doubtsOf, problemsOfTables, SPLIT_KEY } from './checks';
import type { SideView } from './useSides';

const translation = createInstance();
void translation.init({ lng: 'en', resources: { en: words }, initAsync: false });
const t = translation.getFixedT('en', 'wizard');

const field = (name: string, more: Partial<Field> = {}): Field => ({
  ...freeField(name),
  arrowType: 'Int64',
  type: 'bigint',
  ...more,
});

// Of a side, only what the checks look at.
const side = (partitions: Field[] = [], hasSplitKey = true) =>
  ({ partitions, table: 't', has: () => hasSplitKey }) as unknown as SideView;

interface Given {
  pairs: [string, string][];
  sources?: Field[] | null;
  targets?: Field[] | null;
  isFree?: boolean;
  partitions?: Field[];
  change?: (document: JobDocument) => void;
}

/** The places of what is wrong with a job of one channel, each with its message. */
function problemsOf(given: Given): string[] {
  const { pairs, sources = [field('id')], targets = [field('id')], isFree = false } = given;
  const lines = pairs.map(([source, target]) => ({ source, target }));
  const document = withPairs(emptyDocument(), lines);
  document.configuration.setting.speed = { concurrent: 1 };
  given.change?.(document);
  const ends = { source: sources, target: targets, isFree };
  const looked = { source: side(given.partitions), target: side(), ends };
  return problemsOfTables(document, looked, t).map(({ pointer, message, severity }) =>
    [severity, pointer.replace('/configuration/', ''), message].join(' '),
  );
}

function namePartition({ configuration }: JobDocument) {
  configuration.reader.parameter.partition = 'pt=1';
}

function takeChannels({ configuration }: JobDocument) {
  configuration.setting.speed = { concurrent: 4 };
}

function takeKeyedChannels(document: JobDocument) {
  takeChannels(document);
  document.configuration.reader.parameter.splitPk = 'id';
}

describe('problems of the tables', () => {
  it('are none for a whole mapping', () => {
    expect(problemsOf({ pairs: [['id', 'id']] })).toEqual([]);
  });

  it('tell of a value that is none, at its line', () => {
    const pairs: [string, string][] = [
      ['id', 'id'],
      ['nobody', 'name'],
    ];
    expect(problemsOf({ pairs, targets: [field('id'), field('name')] })).toEqual([
      'error reader/parameter/column/1 “nobody” is neither a column of the source nor a value',
    ]);
  });

  it('tell of a target that is not there, unless it takes what it is given', () => {
    const pairs: [string, string][] = [['id', 'gone']];
    expect(problemsOf({ pairs })).toEqual([
      'error writer/parameter/column/0 The target has no field “gone”',
    ]);
    expect(problemsOf({ pairs, isFree: true })).toEqual([]);
  });

  it('tell of fields that must have a value, but not of those with a default', () => {
    const targets = [
      field('id'),
      field('kind', { nullable: false }),
      field('made', { nullable: false, hasDefault: true }),
    ];
    expect(problemsOf({ pairs: [['id', 'id']], targets })).toEqual([
      'error writer/parameter/column 1 field must have a value and gets none',
    ]);
  });

  it('tell that nothing is mapped, once it is known what could be', () => {
    expect(problemsOf({ pairs: [] })).toEqual(['error writer/parameter/column No field is mapped']);
    expect(problemsOf({ pairs: [], sources: null })).toEqual([]);
    expect(problemsOf({ pairs: [['nobody', 'gone']], sources: null, targets: null })).toEqual([]);
  });

  it('tell of partitions that nobody has named', () => {
    const partitions = [field('pt', { partition: true })];
    const missing = problemsOf({ pairs: [['id', 'id']], partitions });
    expect(missing).toEqual([
      'error reader/parameter/partition The table is partitioned, and no partition is named',
    ]);
    expect(problemsOf({ pairs: [['id', 'id']], partitions, change: namePartition })).toEqual([]);
  });

  it('warn of channels that have nothing to do', () => {
    const pairs: [string, string][] = [['id', 'id']];
    expect(problemsOf({ pairs, change: takeChannels })).toEqual([
      `warning ${SPLIT_KEY.replace('/configuration/', '')} 4 channels, but no split key`,
    ]);
    expect(problemsOf({ pairs, change: takeKeyedChannels })).toEqual([]);
  });
});

describe('doubts of the lines', () => {
  const sources = [field('big'), field('text', { arrowType: 'Utf8', type: 'text' })];
  const targets = [
    field('small', { arrowType: 'Int32', type: 'int' }),
    field('short', { arrowType: 'Utf8', type: 'character varying(3)' }),
    field('any', { arrowType: 'Utf8', type: 'text' }),
  ];
  const doubt = (source: string, target: string) =>
    doubtsOf([{ source, target }], sources, targets).get(target);

  it('are told of columns by their types', () => {
    expect(doubt('big', 'small')).toBe('narrow');
    expect(doubt('text', 'short')).toBe('length');
    expect(doubt('text', 'small')).toBe('convert');
    expect(doubt('big', 'any')).toBeUndefined();
  });

  it('are told of constants by their text, and of what is computed never', () => {
    expect(doubt("'four'", 'short')).toBe('length');
    expect(doubt("'abc'", 'short')).toBeUndefined();
    expect(doubt("'abc'", 'small')).toBe('convert');
    expect(doubt('${bizdate}', 'small')).toBeUndefined();
    expect(doubt('upper(text)', 'short')).toBeUndefined();
    expect(doubt('big', 'gone')).toBeUndefined();
  });
});
