import { useColumns, useDatasources } from '@/api/queries';
import { datasourceOf, tableOf, type JobDocument, type Step } from '@/lib/document';

/** The columns of both sides of a document, as their stores describe them now. */
export function useSides(project: string, document: JobDocument) {
  const datasources = useDatasources(project);
  const { reader, writer } = document.configuration;
  const idOf = (step: Step) =>
    datasources.data?.items.find((item) => item.name === datasourceOf(step))?.id;
  return {
    source: {
      connector: reader.plugin,
      columns: useColumns({ project, datasource: idOf(reader) }, tableOf(reader)),
    },
    target: {
      connector: writer.plugin,
      columns: useColumns({ project, datasource: idOf(writer) }, tableOf(writer)),
    },
  };
}
