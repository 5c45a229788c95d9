import { Alert, Flex, Form, InputNumber, Radio, Slider } from 'antd';
import { useTranslation } from 'react-i18next';
import { withSetting, type ErrorLimit, type Speed } from '@/lib/document';
import type { StepProps } from './steps';

type Tolerance = 'none' | 'rows' | 'share' | 'any';

const MOST_ON_SLIDER = 32;

/** How fast, over how many channels, and what happens to rows that cannot be written. */
export function ChannelStep({ draft, onChange, problems }: StepProps) {
  const { t } = useTranslation('wizard');
  const { setting } = draft.document.configuration;
  const speed = setting.speed ?? {};
  const limit = setting.errorLimit;
  const put = (change: { speed?: Speed; errorLimit?: ErrorLimit | undefined }) => {
    const next = { ...setting, ...change };
    if (next.errorLimit === undefined) delete next.errorLimit;
    onChange({ ...draft, document: withSetting(draft.document, next) });
  };
  const putSpeed = (name: keyof Speed, value: number | null) => {
    const { [name]: _, ...others } = speed;
    put({ speed: value === null ? others : { ...others, [name]: value } });
  };
  const channels = Number(speed.concurrent ?? 1);
  const mbps = speed.mbps === undefined ? null : Number(speed.mbps);
  return (
    <Form layout="vertical" component="div" style={{ maxWidth: 720 }}>
      {problems.map((problem) => (
        <Alert
          key={problem.pointer + problem.message}
          type={problem.severity}
          showIcon
          style={{ marginBottom: 16 }}
          title={problem.message}
          description={problem.hint}
        />
      ))}
      <Form.Item label={t('channels')} htmlFor="channels" extra={t('channelsHelp')}>
        <Flex gap={16}>
          <Slider
            style={{ flex: 1 }}
            min={1}
            max={MOST_ON_SLIDER}
            value={channels}
            ariaLabelForHandle={t('channels')}
            onChange={(value) => putSpeed('concurrent', value)}
          />
          <InputNumber
            id="channels"
            min={1}
            max={1024}
            precision={0}
            value={channels}
            onChange={(value) => putSpeed('concurrent', value)}
          />
        </Flex>
      </Form.Item>
      <Form.Item
        label={t('rate')}
        htmlFor="mbps"
        extra={
          mbps === null
            ? t('rateHelp')
            : t('ratePerChannel', { rate: (mbps / channels).toFixed(2) })
        }
      >
        <InputNumber
          id="mbps"
          min={0.001}
          suffix="MiB/s"
          style={{ width: 200 }}
          placeholder={t('noLimit')}
          value={mbps}
          onChange={(value) => putSpeed('mbps', value)}
        />
      </Form.Item>
      <Form.Item label={t('rows')} htmlFor="record">
        <InputNumber
          id="record"
          min={1}
          precision={0}
          suffix={t('rowsPerSecond')}
          style={{ width: 200 }}
          placeholder={t('noLimit')}
          value={speed.record === undefined ? null : Number(speed.record)}
          onChange={(value) => putSpeed('record', value)}
        />
      </Form.Item>
      <Form.Item label={t('dirty')} extra={t('dirtyHelp')}>
        <Radio.Group
          vertical
          aria-label={t('dirty')}
          value={toleranceOf(limit)}
          onChange={(event) => put({ errorLimit: LIMITS[toTolerance(event.target.value)] })}
          options={[
            { value: 'none', label: t('dirtyNone') },
            { value: 'rows', label: t('dirtyRows') },
            { value: 'share', label: t('dirtyShare') },
            { value: 'any', label: t('dirtyAny') },
          ]}
        />
      </Form.Item>
      {toleranceOf(limit) === 'rows' ? (
        <Form.Item label={t('dirtyCount')} htmlFor="dirty-rows">
          <InputNumber
            id="dirty-rows"
            min={1}
            precision={0}
            value={Number(limit?.record ?? 1)}
            onChange={(value) => put({ errorLimit: { record: value ?? 1 } })}
          />
        </Form.Item>
      ) : null}
      {toleranceOf(limit) === 'share' ? (
        <Form.Item label={t('dirtyPercent')} htmlFor="dirty-share">
          <InputNumber
            id="dirty-share"
            min={0}
            max={100}
            suffix="%"
            value={Number(limit?.percentage ?? 0) * 100}
            onChange={(value) => put({ errorLimit: { percentage: (value ?? 0) / 100 } })}
          />
        </Form.Item>
      ) : null}
    </Form>
  );
}

const LIMITS: Record<Tolerance, ErrorLimit | undefined> = {
  none: { record: 0 },
  rows: { record: 100 },
  share: { percentage: 0.01 },
  any: undefined,
};

function toTolerance(value: unknown): Tolerance {
  return value === 'rows' || value === 'share' || value === 'any' ? value : 'none';
}

function toleranceOf(limit: ErrorLimit | undefined): Tolerance {
  if (limit?.record !== undefined) return Number(limit.record) === 0 ? 'none' : 'rows';
  return limit?.percentage === undefined ? 'any' : 'share';
}
