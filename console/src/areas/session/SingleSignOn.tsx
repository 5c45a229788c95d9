import { Button } from 'antd';
import { useTranslation } from 'react-i18next';

interface Props {
  provider: string;
  /** Whether the page stays as it is, so that nothing typed on it is lost. */
  beside?: boolean;
}

/** The way to the sign-in page of a provider, and back to this page. */
export function SingleSignOn({ provider, beside = false }: Props) {
  const { t } = useTranslation('session');
  const next = beside ? '/' : location.pathname + searchWithoutError();
  return (
    <Button
      block
      href={`/api/v1/session/oidc/start?next=${encodeURIComponent(next)}`}
      {...(beside ? { target: '_blank', rel: 'noopener' } : {})}
    >
      {t('with', { provider })}
    </Button>
  );
}

/** Why the provider's answer was not taken, as the address of this page tells it. */
export function signInError(): string | null {
  return new URLSearchParams(location.search).get('signInError');
}

function searchWithoutError(): string {
  const search = new URLSearchParams(location.search);
  search.delete('signInError');
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
