import { Button, Form, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useConnectors } from '@/api/queries';
import { Failure } from '@/ui/Failure';
import { useAsk } from '@/ui/useAsk';

interface Props {
  project: string;
  /** Whether there is nothing that a template would replace. */
  isEmpty: boolean;
  onTake: (document: string) => void;
}

/** A skeleton for a pair of stores. */
export function Template({ project, isEmpty, onTake }: Props) {
  const { t } = useTranslation('script');
  const askFirst = useAsk();
  const connectors = useConnectors();
  const [reader, setReader] = useState<string | null>(null);
  const [writer, setWriter] = useState<string | null>(null);
  const take = useChange({
    inForm: true,
    change: () =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs/template', {
          params: { path: { project }, query: { reader: reader ?? '', writer: writer ?? '' } },
        }),
      ),
    onDone: ({ document }) => {
      if (isEmpty) {
        onTake(document);
        return;
      }
      askFirst({
        title: t('replaceTitle'),
        help: t('replaceHelp'),
        ok: t('replace'),
        act: () => onTake(document),
        isSafe: true,
      });
    },
  });
  const options = (can: 'reader' | 'writer') =>
    connectors.data?.items
      .filter((item) => item.capabilities[can])
      .map((item) => ({ value: item.name, label: item.title }));
  return (
    <Form layout="vertical" component="div">
      <Form.Item label={t('sourceType')} htmlFor="template-reader">
        <Select
          id="template-reader"
          value={reader}
          options={options('reader')}
          onChange={setReader}
        />
      </Form.Item>
      <Form.Item label={t('targetType')} htmlFor="template-writer">
        <Select
          id="template-writer"
          value={writer}
          options={options('writer')}
          onChange={setWriter}
        />
      </Form.Item>
      {take.error ? <Failure message={take.error.message} hint={take.error.hint} /> : null}
      <Button
        disabled={reader === null || writer === null}
        loading={take.isPending}
        onClick={() => take.mutate()}
      >
        {t('takeTemplate')}
      </Button>
    </Form>
  );
}
