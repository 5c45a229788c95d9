import { App, Button, Flex, Tooltip } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/client';
import { useChange } from '@/api/hooks';
import { useProject } from '@/areas/frame/project';
import { useAsk } from '@/ui/useAsk';
import { isPossible, operate, rightFor, type Operation, type Run } from './operate';

interface Props {
  project: string;
  /** Those that are ticked. */
  chosen: Run[];
  /** Names the filter and what is ticked: what was gathered for one is nothing to another. */
  about: string;
  /** Reads all runs that match the filter; absent when all of them are listed. */
  readAll: (() => Promise<Run[]>) | null;
  onClear: () => void;
}

const OPERATIONS: Operation[] = ['rerun', 'stop', 'mark'];

/** What is done with several runs at once: each step names how many it is about, and asks. */
export function Bulk({ project, chosen, about, readAll, onClear }: Props) {
  const { t } = useTranslation('runs');
  const { notification } = App.useApp();
  const askFirst = useAsk();
  const rights = new Set(useProject().data?.rights ?? []);
  const [gathered, setGathered] = useState<{ about: string; runs: Run[] } | null>(null);
  const [done, setDone] = useState<number | null>(null);
  const all = gathered?.about === about ? gathered.runs : null;
  const runs = all ?? chosen;
  const gather = useChange({
    change: async (asked: string) => ({ about: asked, runs: readAll ? await readAll() : chosen }),
    onDone: setGathered,
  });
  const bulk = useChange({
    refresh: [
      ['runs', project],
      ['instances', project],
    ],
    change: async ({ operation, fit }: { operation: Operation; fit: Run[] }) => {
      const failures: string[] = [];
      for (const [index, run] of fit.entries()) {
        setDone(index);
        try {
          // One after the other, so that the server is not asked for hundreds of things at once.
          // oxlint-disable-next-line no-await-in-loop
          await operate(project, operation, run);
        } catch (error) {
          if (!(error instanceof ApiError) || error.isSignedOut) throw error;
          failures.push(`#${run.number}: ${error.message}`);
        }
      }
      return { operation, done: fit.length - failures.length, failures };
    },
    onDone: ({ operation, done: count, failures }) => {
      setDone(null);
      if (failures.length === 0) {
        notification.success({ title: t(`bulk.${operation}Done`, { count }) });
      } else {
        notification.warning({
          title: t('bulk.partly', { count, failed: failures.length }),
          description: listed(failures),
          duration: 0,
        });
      }
      setGathered(null);
      onClear();
    },
  });
  if (chosen.length === 0) return null;
  const isBusy = bulk.isPending || gather.isPending;
  return (
    <Flex
      gap={8}
      wrap
      align="center"
      className="bulk-bar"
      role="region"
      aria-label={t('bulk.name')}
    >
      <span role="status">
        {done === null
          ? t(all ? 'bulk.allChosen' : 'bulk.chosen', { count: runs.length })
          : t('bulk.progress', { done, count: runs.length })}
      </span>
      {readAll && !all ? (
        <Button
          size="small"
          type="link"
          loading={gather.isPending}
          onClick={() => gather.mutate(about)}
        >
          {t('bulk.chooseAll')}
        </Button>
      ) : null}
      {OPERATIONS.map((operation) => {
        const possible = runs.filter((run) => isPossible(operation, run));
        const fit = possible.filter((run) => rights.has(rightFor(operation, run)));
        const whyNot =
          possible.length === 0
            ? t(`bulk.${operation}None`)
            : fit.length === 0
              ? t('mayNot')
              : undefined;
        return (
          <Tooltip key={operation} title={whyNot}>
            <Button
              size="small"
              danger={operation === 'stop'}
              disabled={isBusy || whyNot !== undefined}
              onClick={() =>
                askFirst({
                  title: t(`bulk.${operation}Title`, { count: fit.length }),
                  help:
                    fit.length < runs.length
                      ? t('bulk.others', { count: runs.length - fit.length })
                      : t(`bulk.${operation}Help`),
                  ok: t(operation),
                  act: () => bulk.mutate({ operation, fit }),
                  isSafe: operation !== 'stop',
                })
              }
            >
              {t(operation)}
            </Button>
          </Tooltip>
        );
      })}
      <Button
        size="small"
        type="text"
        disabled={isBusy}
        onClick={() => {
          setGathered(null);
          onClear();
        }}
      >
        {t('bulk.clear')}
      </Button>
    </Flex>
  );
}

/** Lines that scroll when they are many. */
function listed(lines: string[]) {
  return (
    <div style={{ whiteSpace: 'pre-wrap', maxHeight: 240, overflow: 'auto' }}>
      {lines.join('\n')}
    </div>
  );
}
