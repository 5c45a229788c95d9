import { Link } from '@tanstack/react-router';
import { Card, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import { useSession } from '@/api/session';
import { Accounts } from '@/areas/settings/Accounts';
import { PageTitle } from '@/ui/PageTitle';
import { AccessKeys } from './AccessKeys';
import { Choices } from './Choices';
import { Password } from './Password';
import { Person } from './Person';

/** The profile of somebody who is in no project, and so has no frame around it. */
export function BareProfilePage() {
  const { t } = useTranslation('common');
  return (
    <main>
      <div className="page" style={{ paddingBottom: 0 }}>
        <Link to="/">← {t('goBack')}</Link>
      </div>
      <ProfilePage />
    </main>
  );
}

/** What somebody sets for themselves. */
export function ProfilePage() {
  const { t } = useTranslation('profile');
  const account = useSession()?.account;
  if (!account) return null;
  return (
    <div className="page">
      <PageTitle title={t('title')} beside={<span className="code">{account.name}</span>} />
      <Flex vertical gap={16}>
        <div className="halves">
          <Card title={<h2>{t('person')}</h2>}>
            <Person account={account.id} />
          </Card>
          <Card title={<h2>{t('choices')}</h2>}>
            <Choices />
          </Card>
        </div>
        <Card title={<h2>{t('password')}</h2>}>
          <Password account={account.id} />
        </Card>
        <Card title={<h2>{t('accessKeys')}</h2>}>
          <AccessKeys />
        </Card>
        {account.isAdmin || account.parentId ? null : (
          <Card title={<h2>{t('subAccounts')}</h2>}>
            <Accounts />
          </Card>
        )}
      </Flex>
    </div>
  );
}
