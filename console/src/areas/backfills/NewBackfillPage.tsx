import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Button, DatePicker, Flex, Form, InputNumber, Radio, Tooltip } from 'antd';
import dayjs from 'dayjs';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useMay } from '@/areas/frame/project';
import { isWithin } from '@/lib/pointer';
import { dateIn } from '@/lib/time';
import { Failure } from '@/ui/Failure';
import { PageTitle } from '@/ui/PageTitle';
import { usePreferences } from '@/ui/preferences';
import { useKept } from '@/ui/useKept';
import { JobsField } from './JobsField';
import { Preview } from './Preview';
import { VariableRows } from './VariableRows';

const route = getRouteApi('/projects/$project/backfills/new');
const DATE = 'YYYY-MM-DD';
const MOST_DAYS = 366;

export type BackfillForm = Required<Schemas['NewBackfill']>;

/** Asks for jobs and days, and shows what the backfill would make before it is started. */
export function NewBackfillPage() {
  const { t } = useTranslation('backfills');
  const { t: common } = useTranslation('common');
  const { project } = route.useParams();
  const { job } = route.useSearch();
  const navigate = useNavigate();
  const { zone } = usePreferences();
  const mayStart = useMay('backfillOperate');
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const yesterday = dateIn(zone, -1);
  const kept = useKept<BackfillForm>(`longshore.backfill.${project}.${job ?? ''}`, {
    jobs: job === undefined ? [] : [job],
    downstream: 'none',
    except: [],
    from: yesterday,
    to: yesterday,
    order: 'ascending',
    groups: 1,
    variables: {},
  });
  const form = kept.value;
  const set = (change: Partial<BackfillForm>) => kept.set({ ...form, ...change });
  const start = useChange({
    inForm: true,
    refresh: [
      ['backfills', project],
      ['instances', project],
    ],
    change: () =>
      unwrap(
        client.POST('/api/v1/projects/{project}/backfills', {
          params: { path: { project }, header: { 'Idempotency-Key': idempotencyKey } },
          body: form,
        }),
      ),
    onDone: ({ id }) => {
      kept.drop(form);
      void navigate({
        to: '/projects/$project/backfills/$backfill',
        params: { project, backfill: id },
      });
    },
  });
  const problemOf = (pointer: string) =>
    start.error?.problems.find((it) => isWithin(it.pointer, pointer))?.message;
  const item = (pointer: string) => {
    const problem = problemOf(pointer);
    return problem ? ({ validateStatus: 'error', help: problem } as const) : {};
  };
  const isReady = form.jobs.length > 0;
  const whyNot = !mayStart ? t('mayNot') : isReady ? undefined : t('chooseFirst');
  return (
    <div className="page">
      <PageTitle
        title={t('new')}
        actions={
          <>
            <Button
              onClick={() =>
                void navigate({ to: '/projects/$project/backfills', params: { project } })
              }
            >
              {common('cancel')}
            </Button>
            <Tooltip title={whyNot}>
              <Button
                type="primary"
                disabled={whyNot !== undefined}
                loading={start.isPending}
                onClick={() => start.mutate()}
              >
                {t('start')}
              </Button>
            </Tooltip>
          </>
        }
      />
      {start.error ? (
        <div style={{ marginBottom: 16 }}>
          <Failure
            message={start.error.message}
            hint={start.error.hint}
            requestId={start.error.requestId}
          />
        </div>
      ) : null}
      <Flex gap={32} wrap align="start">
        <Form layout="vertical" component="div" style={{ flex: '1 1 420px', maxWidth: 560 }}>
          <Form.Item {...item('/jobs')} label={t('jobs')} htmlFor="backfill-jobs" required>
            <JobsField
              id="backfill-jobs"
              project={project}
              value={form.jobs}
              onChange={(jobs) => set({ jobs })}
            />
          </Form.Item>
          <Form.Item
            {...item('/from')}
            label={t('bizdates')}
            htmlFor="backfill-from"
            extra={t('bizdatesHelp')}
            required
          >
            <DatePicker.RangePicker
              id={{ start: 'backfill-from', end: 'backfill-to' }}
              allowClear={false}
              value={[dayjs(form.from), dayjs(form.to)]}
              disabledDate={(day, { from }) =>
                from !== undefined && Math.abs(day.diff(from, 'day')) >= MOST_DAYS
              }
              onChange={(days) => {
                const [from, to] = days ?? [];
                if (from && to) set({ from: from.format(DATE), to: to.format(DATE) });
              }}
            />
          </Form.Item>
          <Form.Item {...item('/downstream')} label={t('downstream')}>
            <Radio.Group
              aria-label={t('downstream')}
              vertical
              value={form.downstream}
              options={[
                { value: 'none', label: t('downstreams.none') },
                { value: 'all', label: t('downstreams.all') },
              ]}
              onChange={({ target }) =>
                set({ downstream: target.value === 'all' ? 'all' : 'none', except: [] })
              }
            />
          </Form.Item>
          <Form.Item {...item('/order')} label={t('order')}>
            <Radio.Group
              aria-label={t('order')}
              value={form.order}
              options={[
                { value: 'ascending', label: t('orders.ascending') },
                { value: 'descending', label: t('orders.descending') },
              ]}
              onChange={({ target }) =>
                set({ order: target.value === 'descending' ? 'descending' : 'ascending' })
              }
            />
          </Form.Item>
          <Form.Item
            {...item('/groups')}
            label={t('groups')}
            htmlFor="backfill-groups"
            extra={t('groupsHelp')}
          >
            <InputNumber
              id="backfill-groups"
              min={1}
              max={5}
              value={form.groups}
              onChange={(groups) => set({ groups: groups ?? 1 })}
            />
          </Form.Item>
          <Form.Item {...item('/variables')} label={t('variables')} extra={t('variablesHelp')}>
            <VariableRows
              project={project}
              jobs={form.jobs}
              variables={form.variables}
              onChange={(variables) => set({ variables })}
            />
          </Form.Item>
        </Form>
        <section aria-label={t('preview')} style={{ flex: '1 1 480px', minWidth: 0 }}>
          <h2>{t('preview')}</h2>
          <Preview
            project={project}
            form={isReady ? form : null}
            onExcept={(except) => set({ except })}
          />
        </section>
      </Flex>
    </div>
  );
}
