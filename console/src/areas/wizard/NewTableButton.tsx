import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '@/areas/frame/project';
import { Guarded } from '@/ui/Guarded';
import { NewTable } from './NewTable';
import type { SideView } from './useSides';

interface Props {
  project: string;
  source: SideView;
  target: SideView;
  /** Told the name of a table that is there now. */
  onMade: (table: string) => void;
}

/** Opens the form of a target table that is like the source's. */
export function NewTableButton({ project, source, target, onMade }: Props) {
  const { t } = useTranslation('wizard');
  const [isOpen, setOpen] = useState(false);
  const may = useMay('datasourcesCreateTables');
  const isReady = source.datasource && source.table !== '' && target.datasource;
  const why = target.datasource ? t('newTableNeedsSource') : t('newTableNeedsTarget');
  return (
    <>
      <Guarded may={may && Boolean(isReady)} why={may ? why : undefined}>
        <Button disabled={!may || !isReady} onClick={() => setOpen(true)}>
          {t('newTable')}
        </Button>
      </Guarded>
      {isOpen && source.datasource && target.datasource ? (
        <NewTable
          project={project}
          source={{ ...source, datasource: source.datasource }}
          target={{ ...target, datasource: target.datasource }}
          onClose={() => setOpen(false)}
          onMade={onMade}
        />
      ) : null}
    </>
  );
}
