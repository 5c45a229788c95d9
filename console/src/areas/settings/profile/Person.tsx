import { useQueryClient } from '@tanstack/react-query';
import { Button, Form, Input } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { SESSION } from '@/api/session';
import { FormFailure } from '@/form/FormFailure';
import { marked } from '@/form/problems';
import { Edited } from '@/ui/Edited';

const ONE = '/api/v1/accounts/{account}';

/** How others see somebody. */
export function Person({ account }: { account: string }) {
  const known = useRead({
    key: ['accounts', 'me', account],
    isEdited: true,
    read: (signal) => answer(client.GET(ONE, { params: { path: { account } }, signal })),
  });
  return (
    <Edited reading={known}>
      {({ value, revision }, reload) => (
        <PersonForm initial={value} revision={revision ?? ''} onReload={reload} />
      )}
    </Edited>
  );
}

interface Props {
  initial: Schemas['Account'];
  revision: string;
  onReload: () => void;
}

function PersonForm({ initial, revision, onReload }: Props) {
  const { t } = useTranslation('profile');
  const { t: common } = useTranslation('common');
  const queries = useQueryClient();
  const [displayName, setDisplayName] = useState(initial.displayName);
  const [email, setEmail] = useState(initial.email ?? '');
  const save = useChange({
    inForm: true,
    refresh: [['accounts']],
    done: t('saved'),
    change: async () => {
      const path = { account: initial.id };
      const now = await answer(client.GET(ONE, { params: { path } }));
      // A choice of colours makes another revision, too; only what this form is about counts as changed.
      const isSame =
        now.value.displayName === initial.displayName && now.value.email === initial.email;
      const seen = (isSame ? now.revision : null) ?? revision;
      return unwrap(
        client.PATCH(ONE, {
          params: { path, header: { 'If-Match': seen } },
          body: { displayName, ...(email === (initial.email ?? '') ? {} : { email }) },
        }),
      );
    },
    onDone: (account) => {
      queries.setQueryData<Schemas['SessionView'] | null>(SESSION, (session) =>
        session ? { ...session, account } : session,
      );
      onReload();
    },
  });
  const problems = save.error?.problems ?? [];
  return (
    <Form layout="vertical" onFinish={() => save.mutate()}>
      <FormFailure error={save.error} fields={['/displayName', '/email']} onReload={onReload} />
      <Form.Item
        label={t('displayName')}
        htmlFor="profile-name"
        {...marked(problems, '/displayName')}
      >
        <Input
          id="profile-name"
          autoComplete="name"
          value={displayName}
          onChange={(event) => setDisplayName(event.target.value)}
        />
      </Form.Item>
      <Form.Item label={t('email')} htmlFor="profile-email" {...marked(problems, '/email')}>
        <Input
          id="profile-email"
          type="email"
          autoComplete="email"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      </Form.Item>
      <Button type="primary" htmlType="submit" loading={save.isPending}>
        {common('save')}
      </Button>
    </Form>
  );
}
