import { Button, Drawer, Flex, Form, Input, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { FormFailure } from '@/form/FormFailure';
import { marked } from '@/form/problems';
import { draftOf, emptyRule, formOf, type RuleDraft } from '@/lib/alertRule';
import { Edited } from '@/ui/Edited';
import { usePreferences } from '@/ui/preferences';
import { useOpener } from '@/ui/useOpener';
import { useChannels } from './queries';
import { PaceFields } from './PaceFields';
import { QuietFields } from './QuietFields';
import { TriggerFields } from './TriggerFields';
import { WatchFields } from './WatchFields';

interface Props {
  project: string;
  /** The one to edit; null for a new one. */
  rule: string | null;
  onClose: () => void;
}

interface Known {
  draft: RuleDraft;
  revision: string | null;
}

const ONE = '/api/v1/projects/{project}/alert-rules/{rule}';
const FIELDS = [
  '/name',
  '/object',
  '/triggers',
  '/channels',
  '/groupMinutes',
  '/leastMinutes',
  '/mostADay',
  '/quietHours',
];

export function RuleDrawer({ project, rule, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('alerts');
  const { zone } = usePreferences();
  const known = useRead<Known>({
    key: ['alert-rules', project, 'one', rule],
    isEdited: true,
    read: async (signal) => {
      if (rule === null) return { draft: emptyRule(zone), revision: null };
      const params = { path: { project, rule } };
      const { value, revision } = await answer(client.GET(ONE, { params, signal }));
      return { draft: draftOf(value, zone), revision };
    },
  });
  return (
    <Drawer
      open
      size={640}
      title={rule === null ? t('newRule') : t('editRule')}
      onClose={onClose}
      mask={{ closable: false }}
    >
      <Edited reading={known}>
        {({ draft, revision }, reload) => (
          <RuleForm {...{ project, rule, revision, onClose }} initial={draft} onReload={reload} />
        )}
      </Edited>
    </Drawer>
  );
}

interface FormProps extends Props {
  initial: RuleDraft;
  revision: string | null;
  onReload: () => void;
}

function RuleForm({ project, rule, initial, revision, onReload, onClose }: FormProps) {
  const { t } = useTranslation('alerts');
  const { t: common } = useTranslation('common');
  const [draft, setDraft] = useState(initial);
  const set = (change: Partial<RuleDraft>) => setDraft({ ...draft, ...change });
  const channels = useChannels(project);
  const save = useChange({
    inForm: true,
    refresh: [['alert-rules', project]],
    done: t('ruleSaved'),
    onDone: onClose,
    change: () => {
      const body = formOf(draft);
      if (rule === null) {
        return unwrap(
          client.POST('/api/v1/projects/{project}/alert-rules', {
            params: { path: { project } },
            body,
          }),
        );
      }
      const params = { path: { project, rule }, header: { 'If-Match': revision ?? '' } };
      return unwrap(client.PUT(ONE, { params, body }));
    },
  });
  const problems = save.error?.problems ?? [];
  return (
    <Form layout="vertical" onFinish={() => save.mutate()}>
      <FormFailure error={save.error} fields={FIELDS} onReload={onReload} />
      <Form.Item label={common('name')} htmlFor="rule-name" required {...marked(problems, '/name')}>
        <Input
          id="rule-name"
          autoFocus={rule === null}
          maxLength={60}
          value={draft.name}
          onChange={(event) => set({ name: event.target.value })}
        />
      </Form.Item>
      <WatchFields project={project} draft={draft} set={set} problems={problems} />
      <TriggerFields draft={draft} set={set} problems={problems} />
      <Form.Item
        label={t('channels')}
        htmlFor="rule-channels"
        required
        extra={channels.items.length === 0 && !channels.isPending ? t('needsChannel') : undefined}
        {...marked(problems, '/channels')}
      >
        <Select
          id="rule-channels"
          mode="multiple"
          // People search by the name; the value is an id.
          showSearch={{ optionFilterProp: 'label' }}
          loading={channels.isPending}
          value={draft.channels}
          options={channels.items.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(chosen: string[]) => set({ channels: chosen })}
        />
      </Form.Item>
      <PaceFields draft={draft} set={set} problems={problems} />
      <QuietFields draft={draft} set={set} problems={problems} />
      <Flex gap={8} justify="end">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="primary" htmlType="submit" loading={save.isPending}>
          {common('save')}
        </Button>
      </Flex>
    </Form>
  );
}
