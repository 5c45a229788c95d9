import { Button, Form, InputNumber, Switch } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { FormFailure } from '@/form/FormFailure';
import { marked } from '@/form/problems';
import { Lines } from '@/ui/Lines';
import { Edited } from '@/ui/Edited';

type Settings = Schemas['InstanceSettings'];

interface Props {
  part: 'network' | 'retention';
}

/** Settings of the whole instance. */
export function InstanceForm({ part }: Props) {
  const known = useRead({
    key: ['settings'],
    isEdited: true,
    read: (signal) => answer(client.GET('/api/v1/settings', { signal })),
  });
  return (
    <Edited reading={known}>
      {({ value, revision }, reload) => (
        <Fields part={part} initial={value} revision={revision ?? ''} onReload={reload} />
      )}
    </Edited>
  );
}

interface FieldsProps extends Props {
  initial: Settings;
  revision: string;
  onReload: () => void;
}

const LISTS = ['allowList', 'outboundAllow', 'outboundDeny', 'fileRoots'] as const;
const EXAMPLES = {
  allowList: '192.0.2.0/24',
  outboundAllow: '10.0.0.0/8',
  outboundDeny: '169.254.0.0/16',
  fileRoots: '/srv/longshore',
};

function Fields({ part, initial, revision, onReload }: FieldsProps) {
  const { t } = useTranslation('settings');
  const { t: common } = useTranslation('common');
  const [settings, setSettings] = useState(initial);
  const set = (change: Partial<Settings>) => setSettings({ ...settings, ...change });
  const save = useChange({
    inForm: true,
    refresh: [['settings']],
    done: t('saved'),
    onDone: onReload,
    change: () =>
      unwrap(
        client.PUT('/api/v1/settings', {
          params: { header: { 'If-Match': revision } },
          body: settings,
        }),
      ),
  });
  const problems = save.error?.problems ?? [];
  const list = (name: (typeof LISTS)[number]) => (
    <Form.Item
      label={t(`setting.${name}`)}
      htmlFor={name}
      extra={t(`settingHelp.${name}`)}
      {...marked(problems, `/${name}`)}
    >
      <Lines
        id={name}
        placeholder={EXAMPLES[name]}
        value={settings[name] ?? []}
        onChange={(lines) => set({ [name]: lines })}
      />
    </Form.Item>
  );
  return (
    <Form layout="vertical" style={{ maxWidth: 560 }} onFinish={() => save.mutate()}>
      <FormFailure
        error={save.error}
        fields={LISTS.map((name) => `/${name}`)}
        onReload={onReload}
      />
      {part === 'network' ? (
        <>
          {list('allowList')}
          {list('outboundAllow')}
          {list('outboundDeny')}
          <Form.Item
            label={t('setting.outboundLoopback')}
            htmlFor="outboundLoopback"
            extra={t('settingHelp.outboundLoopback')}
          >
            <Switch
              id="outboundLoopback"
              checked={settings.outboundLoopback ?? false}
              onChange={(outboundLoopback) => set({ outboundLoopback })}
            />
          </Form.Item>
          {list('fileRoots')}
        </>
      ) : (
        <Form.Item
          label={t('keepRunsDays')}
          htmlFor="keepRunsDays"
          extra={t('settingHelp.keepRunsDays')}
          {...marked(problems, '/keepRunsDays')}
        >
          <InputNumber
            id="keepRunsDays"
            min={0}
            precision={0}
            value={settings.keepRunsDays ?? 0}
            onChange={(keepRunsDays) => set({ keepRunsDays: keepRunsDays ?? 0 })}
          />
        </Form.Item>
      )}
      <Button type="primary" htmlType="submit" loading={save.isPending}>
        {common('save')}
      </Button>
    </Form>
  );
}
