import { Button, Flex, Input, Select } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { useRead } from '@/api/hooks';
import { moment } from '@/lib/time';
import { Failure } from '@/ui/Failure';
import { Nothing } from '@/ui/Nothing';
import { usePreferences } from '@/ui/preferences';

interface Props {
  project: string;
  run: Schemas['Run'];
}

const LINES = 500;

/** The run's log: searched on the server, the end of it followed until the reader scrolls away. */
export function RunLog({ project, run }: Props) {
  const { t } = useTranslation('runs');
  const { zone } = usePreferences();
  const [search, setSearch] = useState('');
  const [level, setLevel] = useState<Schemas['Level'] | null>(null);
  const [offset, setOffset] = useState(0);
  const [follows, setFollows] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const page = useRead({
    key: ['runs', project, 'log', run.id, search, level, offset],
    ...(run.endedAt ? {} : { every: 2_000 }),
    read: (signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/runs/{run}/log', {
          params: {
            path: { project, run: run.id },
            query: {
              offset,
              limit: LINES,
              ...(search ? { search } : {}),
              ...(level ? { level } : {}),
            },
          },
          signal,
        }),
      ),
  });
  const lines = page.data?.lines;
  useEffect(() => {
    if (follows && lines) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [lines, follows]);
  return (
    <Flex vertical gap={8}>
      <Flex gap={8} wrap>
        <Input.Search
          allowClear
          style={{ width: 260 }}
          aria-label={t('searchLog')}
          placeholder={t('searchLog')}
          onSearch={(text) => {
            setSearch(text);
            setOffset(0);
          }}
        />
        <Select
          allowClear
          style={{ width: 140 }}
          aria-label={t('level')}
          placeholder={t('level')}
          value={level}
          options={(['info', 'warning', 'error'] as const).map((value) => ({
            value,
            label: t(`levels.${value}`),
          }))}
          onChange={(value: Schemas['Level'] | undefined) => setLevel(value ?? null)}
        />
        <Button aria-pressed={follows} onClick={() => setFollows(!follows)}>
          {follows ? t('following') : t('follow')}
        </Button>
        <span style={{ flex: 1 }} />
        <Button href={`/api/v1/projects/${project}/runs/${run.id}/log/file`} download>
          {t('download')}
        </Button>
      </Flex>
      {page.error ? <Failure message={page.error.message} hint={page.error.hint} /> : null}
      <div
        ref={box}
        className="log code"
        role="log"
        aria-label={t('log')}
        tabIndex={0}
        onWheel={() => setFollows(false)}
      >
        {lines?.map((line) => (
          <div key={`${line.at}${line.message}`} className={`log-line ${line.level}`}>
            <time dateTime={line.at}>{moment(line.at, zone)}</time>
            <span className="log-level">{t(`levels.${line.level}`)}</span>
            <span className="log-text">{line.message}</span>
          </div>
        ))}
        {lines?.length === 0 ? <Nothing text={t('noLog')} /> : null}
      </div>
      <Flex gap={8}>
        {offset > 0 ? <Button onClick={() => setOffset(0)}>{t('fromStart')}</Button> : null}
        {page.data?.hasMore ? (
          <Button onClick={() => setOffset(page.data.nextOffset)}>{t('further')}</Button>
        ) : null}
      </Flex>
    </Flex>
  );
}
