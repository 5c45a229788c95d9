import { Link } from '@tanstack/react-router';
import { Table } from 'antd';
import { useTranslation } from 'react-i18next';
import { RunState } from '@/ui/RunState';

interface Neighbour {
  id: string | null;
  job: string;
  cycleAt: string;
  state: string | null;
}

interface Props {
  title: string;
  nothing: string;
  project: string;
  isPending: boolean;
  rows: Neighbour[];
}

/** What an instance waits for, or what waits for it. */
export function Neighbours({ title, nothing, project, isPending, rows }: Props) {
  const { t } = useTranslation('schedules');
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <Table<Neighbour>
        size="small"
        rowKey={(row) => `${row.job} ${row.cycleAt}`}
        loading={isPending}
        dataSource={rows}
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        locale={{ emptyText: <span className="hint">{nothing}</span> }}
        columns={[
          {
            title: t('job'),
            key: 'job',
            render: (_, row) =>
              row.id === null ? (
                row.job
              ) : (
                <Link
                  to="/projects/$project/schedules/instances/$instance"
                  params={{ project, instance: row.id }}
                >
                  {row.job}
                </Link>
              ),
          },
          {
            title: t('cycleAt'),
            dataIndex: 'cycleAt',
            className: 'code',
            render: (at: string) => at.replace('T', ' '),
          },
          {
            title: t('state'),
            dataIndex: 'state',
            render: (state: string | null) =>
              state === null ? t('notMade') : <RunState state={state} />,
          },
        ]}
      />
    </section>
  );
}
