import { Button, Drawer, Flex, Select, Space, Table, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useJob, useVersion } from '@/api/jobs';
import { usePages } from '@/api/pages';
import { useMay } from '@/areas/frame/project';
import { Diff } from '@/ui/Diff';
import { Failure } from '@/ui/Failure';
import { Guarded } from '@/ui/Guarded';
import { Loaded } from '@/ui/Loaded';
import { Ago } from '@/ui/Moment';
import { Nothing } from '@/ui/Nothing';
import { PagedTable } from '@/ui/PagedTable';
import { StateTag } from '@/ui/StateTag';
import { useAsk } from '@/ui/useAsk';
import { useOpener } from '@/ui/useOpener';

interface Props {
  project: string;
  job: string;
  onClose: () => void;
  /** Told when a version has become the draft. */
  onRestored: () => void;
}

type Version = Schemas['JobVersionItem'];

/** All versions of a job: who made them and why, what differs between them, and the way back to one. */
export function VersionsDrawer({ project, job, onClose, onRestored }: Props) {
  useOpener();
  const { t } = useTranslation('editing');
  const { t: common } = useTranslation('common');
  const { t: jobs } = useTranslation('jobs');
  const askFirst = useAsk();
  const mayEdit = useMay('jobsEdit');
  const found = useJob(project, job);
  const [compared, setCompared] = useState<{ from: number; to: number } | null>(null);
  const pages = usePages<Version>({
    key: ['jobs', project, 'versions', job],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs/{job}/versions', {
          params: { path: { project, job }, query: { cursor, limit: 50 } },
          signal,
        }),
      ),
  });
  const restore = useChange({
    inForm: true,
    refresh: [['jobs', project]],
    change: async (number: number) => {
      const { revision } = await answer(
        client.GET('/api/v1/projects/{project}/jobs/{job}', { params: { path: { project, job } } }),
      );
      return unwrap(
        client.POST('/api/v1/projects/{project}/jobs/{job}/versions/{number}/restore', {
          params: { path: { project, job, number }, header: { 'If-Match': revision ?? '' } },
        }),
      );
    },
    done: t('restoredVersion'),
    onDone: () => {
      onClose();
      onRestored();
    },
  });
  const draft = found.data?.value.draftVersion;
  const published = found.data?.value.publishedVersion;

  function ask(version: Version) {
    const isBack = version.mode === 'wizard' && found.data?.value.mode === 'script';
    askFirst({
      title: t('restoreTitle', { number: version.number }),
      help: isBack ? t('restoreWizard') : t('restoreHelp'),
      ok: t('restore'),
      act: () => restore.mutate(version.number),
      isSafe: true,
    });
  }

  return (
    <Drawer
      open
      size={880}
      title={t('historyOf', { name: found.data?.value.name ?? '' })}
      onClose={onClose}
    >
      <Flex vertical gap={16}>
        {restore.error ? (
          <Failure
            message={restore.error.message}
            hint={restore.error.hint}
            requestId={restore.error.requestId}
          />
        ) : null}
        {compared ? (
          <Comparison
            project={project}
            job={job}
            versions={pages.items}
            {...compared}
            onChange={setCompared}
            onClose={() => setCompared(null)}
          />
        ) : null}
        <PagedTable
          rowKey="number"
          size="small"
          pages={pages}
          nothing={<Nothing text={t('noVersions')} />}
          columns={[
            {
              title: t('version'),
              dataIndex: 'number',
              render: (number: number) => (
                <Space size={4}>
                  {number}
                  {number === draft ? <Tag>{t('draft')}</Tag> : null}
                  {number === published ? <StateTag tone="succeeded">{t('live')}</StateTag> : null}
                </Space>
              ),
            },
            {
              title: common('created'),
              dataIndex: 'createdAt',
              render: (at: string) => <Ago at={at} />,
            },
            { title: t('author'), key: 'author', render: (_, version) => version.author.name },
            {
              title: jobs('mode'),
              dataIndex: 'mode',
              render: (mode: Schemas['JobMode']) => jobs(`modes.${mode}`),
            },
            {
              title: t('note'),
              key: 'note',
              render: (_, { note, publicationNote }) => (
                <>
                  {note ? <div>{note}</div> : null}
                  {publicationNote ? (
                    <div>
                      <Tag>{t('published')}</Tag>
                      {publicationNote}
                    </div>
                  ) : null}
                </>
              ),
            },
            {
              title: common('actions'),
              key: 'actions',
              render: (_, version) => (
                <Space size={0}>
                  <Button
                    type="link"
                    size="small"
                    disabled={version.number === draft}
                    aria-label={t('compareOne', { number: version.number })}
                    onClick={() =>
                      setCompared({ from: version.number, to: draft ?? version.number })
                    }
                  >
                    {t('compare')}
                  </Button>
                  <Guarded may={mayEdit}>
                    <Button
                      type="link"
                      size="small"
                      disabled={!mayEdit || version.number === draft}
                      loading={restore.isPending && restore.variables === version.number}
                      aria-label={t('restoreOne', { number: version.number })}
                      onClick={() => ask(version)}
                    >
                      {t('restore')}
                    </Button>
                  </Guarded>
                </Space>
              ),
            },
          ]}
        />
      </Flex>
    </Drawer>
  );
}

interface ComparisonProps {
  project: string;
  job: string;
  versions: readonly Version[];
  from: number;
  to: number;
  onChange: (compared: { from: number; to: number }) => void;
  onClose: () => void;
}

/** What differs between two versions: their texts, and the parameters that they declare. */
function Comparison(props: ComparisonProps) {
  const { project, job, versions, from, to, onChange, onClose } = props;
  const { t } = useTranslation('editing');
  const { t: common } = useTranslation('common');
  const before = useVersion(project, job, from);
  const after = useVersion(project, job, to);
  const options = versions.map(({ number, note }) => ({
    value: number,
    label: note ? `${number} · ${note}` : String(number),
  }));
  return (
    <section aria-label={t('difference')}>
      <Flex gap={8} align="center" wrap style={{ marginBottom: 8 }}>
        <Select
          aria-label={t('versionBefore')}
          style={{ minWidth: 180 }}
          value={from}
          options={options}
          onChange={(number) => onChange({ from: number, to })}
        />
        →
        <Select
          aria-label={t('versionAfter')}
          style={{ minWidth: 180 }}
          value={to}
          options={options}
          onChange={(number) => onChange({ from, to: number })}
        />
        <span style={{ flex: 1 }} />
        <Button onClick={onClose}>{common('close')}</Button>
      </Flex>
      <Loaded reading={before}>
        {(old) => (
          <Loaded reading={after}>
            {(now) => (
              <>
                <Changes before={old.variables} after={now.variables} />
                <Diff before={old.document} after={now.document} />
              </>
            )}
          </Loaded>
        )}
      </Loaded>
    </section>
  );
}

type Declared = Record<string, string>;

function Changes({ before, after }: { before: Declared; after: Declared }) {
  const { t } = useTranslation('editing');
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => before[name] !== after[name])
    .toSorted();
  if (names.length === 0) return null;
  return (
    <Table
      size="small"
      style={{ marginBottom: 8 }}
      rowKey={(name) => name}
      pagination={false}
      dataSource={names}
      columns={[
        { title: t('name'), key: 'name', className: 'code', render: (name: string) => name },
        {
          title: t('lineBefore'),
          key: 'before',
          className: 'code',
          render: (name: string) => before[name] ?? '–',
        },
        {
          title: t('lineAfter'),
          key: 'after',
          className: 'code',
          render: (name: string) => after[name] ?? '–',
        },
      ]}
    />
  );
}
