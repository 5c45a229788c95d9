import { Alert, Button, Flex, Form, Input, Modal } from 'antd';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useChange } from '@/api/hooks';
import { Failure } from '@/ui/Failure';

interface Props {
  project: string;
  folder: string;
  onClose: () => void;
}

interface Text {
  name: string;
  document: string;
}

/** Takes DataX documents and both script versions: files, or a text that is pasted. */
export function ImportJobs({ project, folder, onClose }: Props) {
  const { t } = useTranslation('jobs');
  const { t: common } = useTranslation('common');
  const files = useRef<HTMLInputElement>(null);
  const [texts, setTexts] = useState<Text[]>([{ name: '', document: '' }]);
  const bring = useChange({
    inForm: true,
    refresh: [
      ['jobs', project],
      ['folders', project],
    ],
    change: () =>
      unwrap(
        client.POST('/api/v1/projects/{project}/jobs/import', {
          params: { path: { project } },
          body: { folder, rename: true, jobs: texts },
        }),
      ),
  });
  const set = (index: number, change: Partial<Text>) => {
    const text = texts[index];
    if (text) setTexts(texts.with(index, { ...text, ...change }));
  };
  async function read(list: FileList | null) {
    const found = await Promise.all(
      Array.from(list ?? [], async (file) => ({
        name: file.name.replace(/\.[^.]*$/, ''),
        document: await file.text(),
      })),
    );
    if (found.length > 0) setTexts([...texts.filter((text) => text.document !== ''), ...found]);
  }
  const warnings = bring.data?.jobs.flatMap((it) =>
    [...it.problems, ...it.warnings].map((problem) => `${it.job.name}: ${problem.message}`),
  );
  return (
    <Modal
      open
      width={760}
      title={t('importTitle')}
      okText={bring.data ? common('close') : t('import')}
      cancelText={common('cancel')}
      confirmLoading={bring.isPending}
      okButtonProps={{ disabled: texts.every((text) => text.document === '') }}
      onOk={() => (bring.data ? onClose() : bring.mutate())}
      onCancel={onClose}
    >
      {bring.data ? (
        <Flex vertical gap={12}>
          <Alert type="success" showIcon title={t('imported', { count: bring.data.jobs.length })} />
          {warnings && warnings.length > 0 ? (
            <Alert
              type="warning"
              showIcon
              title={t('importWarnings')}
              description={<pre style={{ whiteSpace: 'pre-wrap' }}>{warnings.join('\n')}</pre>}
            />
          ) : null}
        </Flex>
      ) : (
        <Form layout="vertical" component="div">
          <p>{t('importHelp')}</p>
          <input
            ref={files}
            type="file"
            multiple
            accept=".json,.jsonc,application/json"
            hidden
            onChange={(event) => void read(event.target.files)}
          />
          <Button onClick={() => files.current?.click()}>{t('chooseFiles')}</Button>
          {texts.map((text, index) => (
            // A text has no name but its place until it gets one.
            // oxlint-disable-next-line react/no-array-index-key
            <div key={index} style={{ marginTop: 16 }}>
              <Form.Item label={common('name')} htmlFor={`import-name-${index}`}>
                <Input
                  id={`import-name-${index}`}
                  value={text.name}
                  onChange={(event) => set(index, { name: event.target.value })}
                />
              </Form.Item>
              <Form.Item label={t('document')} htmlFor={`import-text-${index}`}>
                <Input.TextArea
                  id={`import-text-${index}`}
                  className="code"
                  rows={8}
                  value={text.document}
                  onChange={(event) => set(index, { document: event.target.value })}
                />
              </Form.Item>
            </div>
          ))}
          {bring.error ? (
            <Failure
              message={bring.error.message}
              hint={[
                bring.error.hint,
                ...bring.error.problems.map((it) => `${it.pointer} ${it.message}`),
              ]
                .filter(Boolean)
                .join('\n')}
            />
          ) : null}
        </Form>
      )}
    </Modal>
  );
}
