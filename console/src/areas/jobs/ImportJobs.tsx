import { DeleteOutlined } from '@ant-design/icons';
import { Link } from '@tanstack/react-router';
import { Alert, Button, Flex, Form, Input, Modal, Select } from 'antd';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useDatasources } from '@/api/queries';
import { marked } from '@/form/problems';
import { FormFailure } from '@/form/FormFailure';
import { useOpener } from '@/ui/useOpener';

interface Props {
  project: string;
  folder: string;
  onClose: () => void;
}

interface Text {
  name: string;
  document: string;
  reader: string | null;
  writer: string | null;
}

const EMPTY: Text = { name: '', document: '', reader: null, writer: null };

/** Takes DataX documents and both script versions: files, or a text that is pasted. */
export function ImportJobs({ project, folder, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('jobs');
  const { t: common } = useTranslation('common');
  const files = useRef<HTMLInputElement>(null);
  const [texts, setTexts] = useState<Text[]>([EMPTY]);
  const datasources = useDatasources(project);
  const options = datasources.data?.items
    .filter((it) => it.environment === 'prod')
    .map((it) => ({ value: it.name, label: `${it.name} (${it.connector})` }));
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
          body: {
            folder,
            rename: true,
            jobs: texts
              .filter((text) => text.document.trim() !== '')
              .map(({ name, document, reader, writer }) => ({
                name,
                document,
                datasources: { reader, writer },
              })),
          },
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
        ...EMPTY,
        name: file.name.replace(/\.[^.]*$/, ''),
        document: await file.text(),
      })),
    );
    if (found.length > 0) setTexts([...texts.filter((text) => text.document !== ''), ...found]);
  }
  const problems = bring.error?.problems ?? [];
  // The server counts what was sent: those that have a text.
  const numbers = texts.map(
    (_, index) => texts.slice(0, index).filter((text) => text.document.trim() !== '').length,
  );
  return (
    <Modal
      open
      width={760}
      title={t('importTitle')}
      okText={bring.data ? common('close') : t('import')}
      cancelText={common('cancel')}
      confirmLoading={bring.isPending}
      mask={{ closable: false }}
      okButtonProps={{ disabled: texts.every((text) => text.document.trim() === '') }}
      onOk={() => (bring.data ? onClose() : bring.mutate())}
      onCancel={onClose}
    >
      {bring.data ? (
        <Flex vertical gap={12} aria-live="polite">
          <Alert type="success" showIcon title={t('imported', { count: bring.data.jobs.length })} />
          {bring.data.jobs.map(({ job, problems: found, warnings }) => (
            <div key={job.id}>
              <Link to="/projects/$project/jobs/$job/script" params={{ project, job: job.id }}>
                {job.name}
              </Link>
              <ul className="plain">
                {[...found, ...warnings].map((it) => (
                  <li key={it.pointer + it.message} className="warning-text">
                    {[it.message, it.hint].filter(Boolean).join(' — ')}
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </Flex>
      ) : (
        <Form layout="vertical" component="div">
          <p>{t('importHelp')}</p>
          <FormFailure error={bring.error} fields={['/jobs']} />
          <input
            ref={files}
            type="file"
            multiple
            accept=".json,.jsonc,application/json"
            style={{ display: 'none' }}
            onChange={(event) => void read(event.target.files)}
          />
          <Flex gap={8}>
            <Button onClick={() => files.current?.click()}>{t('chooseFiles')}</Button>
            <Button onClick={() => setTexts([...texts, EMPTY])}>{t('pasteAnother')}</Button>
          </Flex>
          {texts.map((text, index) => (
            // A text has no name but its place until it gets one.
            // oxlint-disable-next-line react/no-array-index-key
            <div key={index} className="nested">
              <Flex gap={8} align="start">
                <Form.Item
                  style={{ flex: 1 }}
                  label={common('name')}
                  htmlFor={`import-name-${index}`}
                  {...marked(problems, `/jobs/${numbers[index]}/name`)}
                >
                  <Input
                    id={`import-name-${index}`}
                    maxLength={128}
                    value={text.name}
                    onChange={(event) => set(index, { name: event.target.value })}
                  />
                </Form.Item>
                {(['reader', 'writer'] as const).map((side) => (
                  <Form.Item
                    key={side}
                    label={t(side === 'reader' ? 'sourceInstead' : 'targetInstead')}
                    htmlFor={`import-${side}-${index}`}
                    {...marked(problems, `/jobs/${numbers[index]}/datasources/${side}`)}
                  >
                    <Select
                      id={`import-${side}-${index}`}
                      allowClear
                      style={{ width: 190 }}
                      placeholder={t('asWritten')}
                      value={text[side]}
                      options={options}
                      onChange={(value: string | undefined) =>
                        set(index, { [side]: value ?? null })
                      }
                    />
                  </Form.Item>
                ))}
                {texts.length > 1 ? (
                  <Form.Item label=" " colon={false}>
                    <Button
                      icon={<DeleteOutlined />}
                      aria-label={`${common('delete')} ${text.name || index + 1}`}
                      onClick={() => setTexts(texts.toSpliced(index, 1))}
                    />
                  </Form.Item>
                ) : null}
              </Flex>
              <Form.Item
                label={t('document')}
                htmlFor={`import-text-${index}`}
                {...marked(problems, `/jobs/${numbers[index]}/document`)}
              >
                <Input.TextArea
                  id={`import-text-${index}`}
                  className="code"
                  rows={8}
                  spellCheck={false}
                  value={text.document}
                  onChange={(event) => set(index, { document: event.target.value })}
                />
              </Form.Item>
            </div>
          ))}
        </Form>
      )}
    </Modal>
  );
}
