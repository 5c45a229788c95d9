import { BgColorsOutlined, GlobalOutlined, UserOutlined } from '@ant-design/icons';
import { Link, useNavigate } from '@tanstack/react-router';
import { Button, Dropdown, Layout, Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { useChoose, useSession, useSignOut } from '@/api/session';
import { localZone, ZONES } from '@/lib/time';
import { usePreferences } from '@/ui/preferences';
import { ProjectPicker } from './ProjectPicker';
import { useProjectId } from './project';

export function Header() {
  const { t } = useTranslation('frame');
  const session = useSession();
  const { language, appearance, zone } = usePreferences();
  const choose = useChoose();
  const navigate = useNavigate();
  const project = useProjectId();
  const signOut = useSignOut();
  return (
    <Layout.Header
      style={{
        height: 52,
        lineHeight: 'normal',
        padding: '0 16px',
        display: 'flex',
        alignItems: 'center',
        gap: 12,
        background: 'var(--surface)',
        borderBottom: '1px solid var(--border)',
      }}
    >
      <Link to="/" aria-label="Longshore" style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
        <img src="/icon.svg" alt="" width={26} height={26} />
        <strong style={{ fontSize: 16 }}>Longshore</strong>
      </Link>
      <ProjectPicker />
      <span style={{ flex: 1 }} />
      <Select
        aria-label={t('zone')}
        variant="borderless"
        showSearch
        value={zone}
        onChange={(value) => choose({ zone: value })}
        popupMatchSelectWidth={280}
        options={ZONES.map((name) => ({
          value: name,
          label: name === localZone() ? `${name} · ${t('localZone')}` : name,
        }))}
        labelRender={({ value }) => value}
      />
      <Dropdown
        trigger={['click']}
        menu={{
          selectable: true,
          selectedKeys: [language],
          onClick: ({ key }) => choose({ language: key === 'zh' ? 'zh' : 'en' }),
          items: [
            { key: 'en', label: 'English' },
            { key: 'zh', label: '中文' },
          ],
        }}
      >
        <Button type="text" icon={<GlobalOutlined />} aria-label="Language / 语言" />
      </Dropdown>
      <Dropdown
        trigger={['click']}
        menu={{
          selectable: true,
          selectedKeys: [appearance],
          onClick: ({ key }) =>
            choose({ appearance: key === 'dark' || key === 'light' ? key : 'system' }),
          items: (['light', 'dark', 'system'] as const).map((key) => ({ key, label: t(key) })),
        }}
      >
        <Button type="text" icon={<BgColorsOutlined />} aria-label={t('appearance')} />
      </Dropdown>
      <Dropdown
        trigger={['click']}
        menu={{
          items: [
            {
              key: 'profile',
              label: t('profile'),
              onClick: () =>
                void navigate({ to: '/projects/$project/profile', params: { project } }),
            },
            { key: 'out', label: t('signOut'), onClick: () => signOut.mutate() },
          ],
        }}
      >
        <Button type="text" icon={<UserOutlined />} aria-label={t('account')}>
          {session?.account.displayName}
        </Button>
      </Dropdown>
    </Layout.Header>
  );
}
