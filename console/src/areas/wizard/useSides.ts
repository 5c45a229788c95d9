import { useColumns, useConnectorForms, useConnectors, useDatasources } from '@/api/queries';
import { fieldsOf, type Field as FormField } from '@/form/schema';
import { datasourceOf, tableOf, type JobDocument, type Side } from '@/lib/document';
import { freeField, pairsOf, type Field } from '@/lib/mapping';

/** What is known of one side of a document: its data source, its connector's forms, its table's columns. */
export function useSide(project: string, document: JobDocument, side: Side) {
  const step = document.configuration[side];
  const name = datasourceOf(step);
  const table = tableOf(step);
  const datasources = useDatasources(project, name);
  const datasource = datasources.data?.items.find((it) => it.name === name);
  const connectors = useConnectors();
  const connector = connectors.data?.items.find((it) => it.name === step.plugin);
  const forms = useConnectorForms(step.plugin);
  const schema = side === 'reader' ? forms.data?.readerSchema : forms.data?.writerSchema;
  const form: FormField[] = forms.isPlaceholderData ? [] : fieldsOf(schema);
  const has = (field: string) => form.some((it) => it.name === field);
  // Stores of files read paths; what they write has no table whose columns could be asked for.
  const place = has('table') ? 'table' : side === 'reader' && has('path') ? 'path' : null;
  const columns = useColumns({ project, datasource: datasource?.id }, place === null ? '' : table);
  const all: Field[] | null =
    columns.data && !columns.isPlaceholderData ? columns.data.items : null;
  return {
    connector,
    datasource,
    /** Why nothing is known of the data source, though one is named. */
    failed: datasources.error ?? columns.error,
    isLost:
      name !== '' &&
      datasources.data !== undefined &&
      !datasources.isPlaceholderData &&
      datasource === undefined,
    again: () => void (datasources.error ? datasources : columns).refetch(),
    form,
    has,
    forms,
    place,
    table,
    columns,
    /** Null while they are not known. */
    all,
    partitions: all?.filter((field) => field.partition) ?? [],
  };
}

export type SideView = ReturnType<typeof useSide>;

/** The fields that lines can be drawn between; null while they are not known. */
export interface Ends {
  source: Field[] | null;
  target: Field[] | null;
  /** Whether the target takes whatever fields it is given, as new files do. */
  isFree: boolean;
}

export function useSides(project: string, document: JobDocument) {
  const source = useSide(project, document, 'reader');
  const target = useSide(project, document, 'writer');
  return { source, target, ends: endsOf(source, target, document) };
}

function endsOf(source: SideView, target: SideView, document: JobDocument): Ends {
  const isFree = target.form.length > 0 && target.place === null;
  if (!isFree) {
    const written = target.all?.filter((field) => !field.partition) ?? null;
    return { source: source.all, target: written, isFree };
  }
  const names = new Set([
    ...pairsOf(document).map((pair) => pair.target),
    ...(source.all ?? []).map((field) => field.name),
  ]);
  const written = [...names].filter((name) => name !== '*' && name !== '').map(freeField);
  return { source: source.all, target: written, isFree };
}
