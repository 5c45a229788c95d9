import { CloseOutlined } from '@ant-design/icons';
import { Button, Flex, Input, Popover, Space } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Search } from './RunFilters';
import { views } from './views';

interface Props {
  project: string;
  search: Search;
  onChoose: (search: Search) => void;
}

/** Filters under a name: to keep the present ones, and to come back to others. */
export function SavedViews({ project, search, onChoose }: Props) {
  const { t } = useTranslation('runs');
  const [kept, setKept] = useState(() => views.read(project));
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState('');
  const isFiltered = Object.values(search).some((value) => value !== undefined);
  const save = () => {
    setKept(views.add(project, { name: name.trim(), search }));
    setName('');
  };
  return (
    <Popover
      open={isOpen}
      trigger="click"
      placement="bottomLeft"
      onOpenChange={setOpen}
      title={t('views')}
      content={
        <Flex vertical gap={8} style={{ width: 280 }}>
          {kept.length === 0 ? <span className="hint">{t('noViews')}</span> : null}
          {kept.map((view) => (
            <Flex key={view.name} justify="space-between">
              <Button
                type="link"
                onClick={() => {
                  onChoose(view.search);
                  setOpen(false);
                }}
              >
                {view.name}
              </Button>
              <Button
                type="text"
                icon={<CloseOutlined />}
                aria-label={t('removeView', { name: view.name })}
                onClick={() => setKept(views.remove(project, view.name))}
              />
            </Flex>
          ))}
          <Space.Compact>
            <Input
              aria-label={t('viewName')}
              placeholder={t('viewName')}
              maxLength={60}
              value={name}
              disabled={!isFiltered}
              onChange={(event) => setName(event.target.value)}
              onPressEnter={() => name.trim() && save()}
            />
            <Button disabled={!isFiltered || name.trim() === ''} onClick={save}>
              {t('saveView')}
            </Button>
          </Space.Compact>
        </Flex>
      }
    >
      <Button>{t('views')}</Button>
    </Popover>
  );
}
