import { Button, Flex, Form, Input, InputNumber } from 'antd';
import { useTranslation } from 'react-i18next';
import { marked } from '@/form/problems';
import type { CycleDeadline } from '@/lib/alertRule';
import type { PartProps } from './WatchFields';

/** Cycles of a day, each with the time that it is to be done by. */
export function CycleFields({ draft, set, problems }: PartProps) {
  const { t } = useTranslation('alerts');
  const { cycles } = draft;
  const last = cycles.at(-1);
  const change = (place: number, part: Partial<CycleDeadline>) =>
    set({
      cycles: cycles.map((cycle, index) => (index === place ? { ...cycle, ...part } : cycle)),
    });
  return (
    <Form.Item className="nested" extra={t('cyclesHelp')} {...marked(problems, '/triggers')}>
      <Flex vertical gap={8}>
        {cycles.map((cycle, place) => (
          // A cycle has no name but its place.
          <Flex key={place} gap={8} align="center" wrap>
            <InputNumber
              aria-label={t('cycleNumber', { count: place + 1 })}
              min={1}
              max={1440}
              precision={0}
              prefix={t('cycle')}
              style={{ width: 130 }}
              value={cycle.number}
              onChange={(number) => change(place, { number: number ?? 1 })}
            />
            <Input
              aria-label={t('cycleBy', { count: place + 1 })}
              style={{ width: 90 }}
              placeholder="01:00"
              value={cycle.by}
              onChange={(event) => change(place, { by: event.target.value })}
            />
            <Button
              size="small"
              disabled={cycles.length === 1}
              aria-label={t('removeCycle', { count: place + 1 })}
              onClick={() => set({ cycles: cycles.filter((_, index) => index !== place) })}
            >
              {t('remove')}
            </Button>
          </Flex>
        ))}
        <div>
          <Button
            size="small"
            onClick={() =>
              set({ cycles: [...cycles, { number: (last?.number ?? 0) + 1, by: last?.by ?? '' }] })
            }
          >
            {t('addCycle')}
          </Button>
        </div>
      </Flex>
    </Form.Item>
  );
}
