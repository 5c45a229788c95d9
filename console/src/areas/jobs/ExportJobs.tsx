import { Checkbox, Flex, Form, Modal, Radio } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useChange } from '@/api/hooks';
import { download } from '@/lib/download';
import { joined } from '@/lib/folders';
import { zip } from '@/lib/zip';
import { Failure } from '@/ui/Failure';
import { useOpener } from '@/ui/useOpener';

const FORMATS = ['longshore', 'original', 'datax', 'dataworks2'] as const;
type Format = (typeof FORMATS)[number];

interface Props {
  project: string;
  jobs: readonly Schemas['JobItem'][];
  onClose: () => void;
}

/** Saves jobs as files, in a spelling of one's choice: one as it is, several as an archive with their folders. */
export function ExportJobs({ project, jobs, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('jobs');
  const { t: common } = useTranslation('common');
  const [format, setFormat] = useState<Format>('longshore');
  const [isLossy, setLossy] = useState(false);
  const isForeign = format === 'datax' || format === 'dataworks2';
  const save = useChange({
    inForm: true,
    change: () =>
      Promise.all(
        jobs.map(async (job) => ({
          name: `${joined(job.folder, job.name.replaceAll('/', '_'))}.json`,
          text: await unwrap(
            client.GET('/api/v1/projects/{project}/jobs/{job}/export', {
              params: {
                path: { project, job: job.id },
                query: { format, lossy: isForeign && isLossy },
              },
              parseAs: 'text',
            }),
          ),
        })),
      ),
    onDone: (files) => {
      const [only] = files;
      if (only && files.length === 1) {
        const name = only.name.slice(only.name.lastIndexOf('/') + 1);
        download(name, only.text, 'application/json');
      } else {
        download('jobs.zip', zip(files), 'application/zip');
      }
      onClose();
    },
  });
  return (
    <Modal
      open
      width={560}
      title={t('exportTitle', { count: jobs.length, name: jobs[0]?.name ?? '' })}
      okText={t('export')}
      cancelText={common('cancel')}
      confirmLoading={save.isPending}
      onOk={() => save.mutate()}
      onCancel={onClose}
    >
      <Form layout="vertical" component="div">
        <Form.Item label={t('format')}>
          <Radio.Group
            vertical
            aria-label={t('format')}
            value={format}
            onChange={(event) =>
              setFormat(FORMATS.find((it) => it === event.target.value) ?? 'longshore')
            }
            options={FORMATS.map((value) => ({ value, label: t(`formats.${value}`) }))}
          />
        </Form.Item>
        {isForeign ? (
          <Form.Item extra={t('lossyHelp')}>
            <Checkbox checked={isLossy} onChange={(event) => setLossy(event.target.checked)}>
              {t('lossy')}
            </Checkbox>
          </Form.Item>
        ) : null}
        {save.error ? (
          <Flex vertical>
            <Failure
              message={save.error.message}
              hint={[save.error.hint, ...save.error.problems.map((it) => it.message)]
                .filter(Boolean)
                .join('\n')}
              requestId={save.error.requestId}
            />
          </Flex>
        ) : null}
      </Form>
    </Modal>
  );
}
