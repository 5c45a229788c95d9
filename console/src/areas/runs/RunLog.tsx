import { Button, Flex, Input, Select, Skeleton } from 'antd';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '@/api/client';
import { isFromStart, rowsOf } from '@/lib/log';
import { Failure } from '@/ui/Failure';
import { Nothing } from '@/ui/Nothing';
import { LogLines } from './LogLines';
import { useLog } from './useLog';

interface Props {
  project: string;
  run: Schemas['Run'];
  search: string;
  level: Schemas['Level'] | null;
  onFilter: (change: { find?: string | undefined; level?: Schemas['Level'] | undefined }) => void;
}

const LEVELS = ['info', 'warning', 'error'] as const;

/** The run's log: its end first, searched on the server, followed until the reader scrolls away. */
export function RunLog({ project, run, search, level, onFilter }: Props) {
  const { t } = useTranslation('runs');
  const { part, up, down, jump, isFiltered } = useLog(project, run, { search, level });
  const [isFollowing, setFollowing] = useState(true);
  // A jump begins anew, at the top or at the bottom of what it has read.
  const [jumps, setJumps] = useState(0);
  const rows = useMemo(() => (part.data ? rowsOf(part.data) : []), [part.data]);
  const follows = isFollowing && !isFiltered && part.data?.hasMore === false;
  const jumpTo = (to: 'start' | 'end') =>
    jump.mutate(to, {
      onSuccess: () => {
        setFollowing(to === 'end');
        setJumps(jumps + 1);
      },
    });
  const begins = part.data === undefined || isFromStart(part.data);
  return (
    <Flex vertical gap={8}>
      <Flex gap={8} wrap align="center">
        <Input.Search
          key={search}
          allowClear
          style={{ width: 260 }}
          aria-label={t('searchLog')}
          placeholder={t('searchLog')}
          defaultValue={search}
          onSearch={(text) => onFilter({ find: text || undefined })}
        />
        <Select
          allowClear
          style={{ width: 160 }}
          aria-label={t('level')}
          placeholder={t('level')}
          value={level}
          options={LEVELS.map((value) => ({ value, label: t(`leastLevels.${value}`) }))}
          onChange={(value: Schemas['Level'] | undefined) => onFilter({ level: value })}
        />
        <Button
          {...(run.endedAt ? {} : { 'aria-pressed': follows })}
          disabled={isFiltered || (Boolean(run.endedAt) && follows)}
          loading={jump.isPending}
          onClick={() => {
            if (follows) setFollowing(false);
            else jumpTo('end');
          }}
        >
          {t(run.endedAt ? 'toEnd' : follows ? 'following' : 'follow')}
        </Button>
        {begins ? null : (
          <Button loading={jump.isPending} onClick={() => jumpTo('start')}>
            {t('fromStart')}
          </Button>
        )}
        <span style={{ flex: 1 }} />
        <Button href={`/api/v1/projects/${project}/runs/${run.id}/log/file`} download>
          {t('download')}
        </Button>
      </Flex>
      {part.error ? (
        <Failure
          message={part.error.message}
          hint={part.error.hint}
          requestId={part.error.requestId}
          onRetry={() => void part.refetch()}
        />
      ) : part.data === undefined ? (
        <Skeleton active className="late" />
      ) : rows.length === 0 ? (
        <Nothing text={t(isFiltered ? 'noLog' : 'emptyLog')} />
      ) : (
        <LogLines
          key={jumps}
          rows={rows}
          search={search}
          follows={follows}
          onTop={() => {
            if (!up.isPending && !begins) up.mutate();
          }}
          onBottom={() => {
            if (!down.isPending && part.data?.hasMore) down.mutate();
          }}
          onLeave={() => setFollowing(false)}
        />
      )}
      <span className="hint" role="status">
        {part.data ? t('logLines', { count: rows.length }) : null}
        {part.data?.hasMore || !begins ? ` ${t('logPart')}` : null}
      </span>
    </Flex>
  );
}
