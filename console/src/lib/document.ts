/**
 * The job document that the wizard works on: the script's own form, so that both views show one and the same job.
 * See `docs/concepts/job-document.md` for its fields.
 */

import { parse, type ParseError } from 'jsonc-parser';

export type Parameter = Record<string, unknown>;

/** One side of a job. */
export interface Step {
  plugin: string;
  parameter: Parameter;
}

export interface Speed {
  concurrent?: number;
  mbps?: number;
  record?: number;
}

export interface ErrorLimit {
  record?: number;
  percentage?: number;
}

export interface Setting {
  speed?: Speed;
  errorLimit?: ErrorLimit;
  retries?: number;
  [further: string]: unknown;
}

export interface JobDocument {
  type: 'job';
  version: '1.0';
  /** What the wizard has no control for stays as it is. */
  configuration: {
    reader: Step;
    writer: Step;
    setting: Setting;
    /** A condition that Longshore evaluates on the rows read. */
    filter?: string;
    [further: string]: unknown;
  };
}

export type Side = 'reader' | 'writer';

/** What a new wizard starts from: no dirty row passes unless its author says so. */
export function emptyDocument(): JobDocument {
  return {
    type: 'job',
    version: '1.0',
    configuration: {
      reader: { plugin: '', parameter: {} },
      writer: { plugin: '', parameter: {} },
      setting: { speed: { concurrent: 2 }, errorLimit: { record: 0 } },
    },
  };
}

/** The document of a text, or null when the text is none that the wizard can show. */
export function readDocument(text: string): JobDocument | null {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || !isObject(value) || !isObject(value.configuration)) return null;
  const { reader, writer, setting } = value.configuration;
  if (!isStep(reader) || !isStep(writer)) return null;
  const { filter, ...further } = value.configuration;
  return {
    type: 'job',
    version: '1.0',
    configuration: {
      ...further,
      reader,
      writer,
      ...(typeof filter === 'string' ? { filter } : {}),
      setting: isObject(setting) ? setting : {},
    },
  };
}

export function writeDocument(document: JobDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The document with some parameters of a side set; `undefined` takes a parameter away. */
export function withParameters(document: JobDocument, side: Side, change: Parameter): JobDocument {
  const step = document.configuration[side];
  const parameter: Parameter = { ...step.parameter };
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) delete parameter[name];
    else parameter[name] = value;
  }
  return withStep(document, side, { ...step, parameter });
}

export function withStep(document: JobDocument, side: Side, step: Step): JobDocument {
  return { ...document, configuration: { ...document.configuration, [side]: step } };
}

export function withSetting(document: JobDocument, setting: Setting): JobDocument {
  return { ...document, configuration: { ...document.configuration, setting } };
}

/** The document with another condition on the rows read; none for an empty one. */
export function withFilter(document: JobDocument, filter: string): JobDocument {
  const { filter: _, ...others } = document.configuration;
  return { ...document, configuration: filter === '' ? others : { ...others, filter } };
}

/** The name of the data source of a step; empty when none is chosen. */
export function datasourceOf(step: Step): string {
  return textOf(step.parameter.datasource);
}

/** The tables of a step: a reader may have several of the same columns. Stores of files have paths instead. */
export function tablesOf(step: Step): string[] {
  return textsOf(step.parameter.table ?? step.parameter.path);
}

/** The first table of a step; empty when none is chosen. */
export function tableOf(step: Step): string {
  return tablesOf(step)[0] ?? '';
}

/** A parameter that is one text or a list of texts, as a list. */
export function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(textOf).filter((text) => text !== '');
  const text = textOf(value);
  return text === '' ? [] : [text];
}

/** A parameter as text. Numbers among columns are constants. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStep(value: unknown): value is Step {
  return isObject(value) && typeof value.plugin === 'string' && isObject(value.parameter);
}
