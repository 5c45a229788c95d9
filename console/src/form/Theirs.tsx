import { Modal } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useRead } from '@/api/hooks';
import { Diff } from '@/ui/Diff';
import { Loaded } from '@/ui/Loaded';
import { useOpener } from '@/ui/useOpener';

interface Props {
  project: string;
  job: string;
  /** The document that is edited here. */
  mine: string;
  onClose: () => void;
}

/** What others have saved of a job, beside what is edited here. */
export function Theirs({ project, job, mine, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('editing');
  const theirs = useRead({
    key: ['jobs', project, 'theirs', job],
    isEdited: true,
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/jobs/{job}', {
          params: { path: { project, job } },
          signal,
        }),
      ),
  });
  return (
    <Modal open width={960} title={t('theirsAndMine')} footer={null} onCancel={onClose}>
      <p>{t('theirsAndMineHelp')}</p>
      <Loaded reading={theirs}>
        {({ draft }) => <Diff before={draft.document} after={mine} />}
      </Loaded>
    </Modal>
  );
}
