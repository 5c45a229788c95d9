import { Button, Drawer, Flex, Form, Input, Radio } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { FormFailure } from '@/form/FormFailure';
import { marked } from '@/form/problems';
import { SchemaForm, type Value } from '@/form/SchemaForm';
import { fieldsOf } from '@/form/schema';
import { Edited } from '@/ui/Edited';
import { Loaded } from '@/ui/Loaded';
import { usePreferences } from '@/ui/preferences';
import { useOpener } from '@/ui/useOpener';

interface Props {
  project: string;
  /** The one to edit; null for a new one. */
  channel: string | null;
  onClose: () => void;
}

type Kind = Schemas['ChannelKind'];

interface Known {
  name: string;
  kind: Kind;
  config: Value;
  revision: string | null;
}

const ONE = '/api/v1/projects/{project}/alert-channels/{channel}';

export function ChannelDrawer({ project, channel, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('alerts');
  const known = useRead<Known>({
    key: ['alert-channels', project, 'one', channel],
    isEdited: true,
    read: async (signal) => {
      if (channel === null) return { name: '', kind: 'mail', config: {}, revision: null };
      const params = { path: { project, channel } };
      const { value, revision } = await answer(client.GET(ONE, { params, signal }));
      return { name: value.name, kind: value.kind, config: value.config ?? {}, revision };
    },
  });
  const { language } = usePreferences();
  const kinds = useRead({
    key: ['alert-channel-kinds', language],
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/alert-channel-kinds', {
          params: { header: { 'Accept-Language': language } },
          signal,
        }),
      ),
  });
  return (
    <Drawer
      open
      size={640}
      title={channel === null ? t('newChannel') : t('editChannel')}
      onClose={onClose}
      mask={{ closable: false }}
    >
      <Loaded reading={kinds}>
        {({ items }) => (
          <Edited reading={known}>
            {(initial, reload) => (
              <ChannelForm
                {...{ project, channel, initial, onClose }}
                kinds={items}
                onReload={reload}
              />
            )}
          </Edited>
        )}
      </Loaded>
    </Drawer>
  );
}

interface FormProps extends Props {
  initial: Known;
  kinds: Schemas['AlertChannelKind'][];
  onReload: () => void;
}

function ChannelForm({ project, channel, initial, kinds, onReload, onClose }: FormProps) {
  const { t } = useTranslation('alerts');
  const { t: common } = useTranslation('common');
  const [name, setName] = useState(initial.name);
  const [kind, setKind] = useState(initial.kind);
  // What was typed for another kind is there again when its reader goes back.
  const [configs, setConfigs] = useState<Partial<Record<Kind, Value>>>({
    [initial.kind]: initial.config,
  });
  const config = configs[kind] ?? {};
  const schema = kinds.find((it) => it.kind === kind)?.schema;
  const save = useChange({
    inForm: true,
    refresh: [['alert-channels', project]],
    done: t('channelSaved'),
    onDone: onClose,
    change: () => {
      if (channel === null) {
        return unwrap(
          client.POST('/api/v1/projects/{project}/alert-channels', {
            params: { path: { project } },
            body: { name, kind, config },
          }),
        );
      }
      const header = { 'If-Match': initial.revision ?? '' };
      return unwrap(
        client.PATCH(ONE, {
          params: { path: { project, channel }, header },
          body: { name, config },
        }),
      );
    },
  });
  const problems = save.error?.problems ?? [];
  return (
    <Form layout="vertical" onFinish={() => save.mutate()}>
      <FormFailure error={save.error} fields={['/name', '/config']} onReload={onReload} />
      <Form.Item
        label={common('name')}
        htmlFor="channel-name"
        required
        {...marked(problems, '/name')}
      >
        <Input
          id="channel-name"
          autoFocus={channel === null}
          maxLength={60}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </Form.Item>
      <Form.Item
        label={t('kind')}
        htmlFor="channel-kind"
        extra={channel === null ? undefined : t('kindStays')}
      >
        <Radio.Group
          id="channel-kind"
          optionType="button"
          disabled={channel !== null}
          value={kind}
          options={kinds.map((it) => ({ value: it.kind, label: t(`kinds.${it.kind}`) }))}
          onChange={(event) => setKind(event.target.value)}
        />
      </Form.Item>
      <SchemaForm
        key={kind}
        fields={fieldsOf(schema)}
        value={config}
        onChange={(changed) => setConfigs({ ...configs, [kind]: changed })}
        pointer="/config"
        problems={problems}
      />
      <Flex gap={8} justify="end">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="primary" htmlType="submit" loading={save.isPending}>
          {common('save')}
        </Button>
      </Flex>
    </Form>
  );
}
