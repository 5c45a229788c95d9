import { Flex, Form, InputNumber, Radio, Slider, Switch } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useGroups } from '@/api/queries';
import { marked } from '@/form/problems';
import { withSetting, type ErrorLimit, type Setting, type Speed } from '@/lib/document';
import type { StepName } from './stepNames';
import { Problems } from './Problems';
import type { StepProps } from './steps';
import type { SideView } from './useSides';

type Tolerance = 'none' | 'rows' | 'share' | 'any';

const MOST_ON_SLIDER = 32;
const AT = '/configuration/setting';

interface Props extends StepProps {
  source: SideView;
  target: SideView;
  onGo: (step: StepName, pointer: string) => void;
}

/** How fast, over how many channels, and what happens to rows that cannot be written. */
export function ChannelStep({ project, draft, onChange, problems, source, target, onGo }: Props) {
  const { t } = useTranslation('wizard');
  const { setting } = draft.document.configuration;
  const speed = setting.speed ?? {};
  const put = (change: Partial<Setting>) =>
    onChange((now) => {
      const next: Setting = { ...now.document.configuration.setting, ...change };
      for (const name of Object.keys(change)) if (next[name] === undefined) delete next[name];
      return { ...now, document: withSetting(now.document, next) };
    });
  const putSpeed = (change: Partial<Speed>) => {
    const next: Speed = { ...speed, ...change };
    if (next.mbps === undefined) delete next.mbps;
    if (next.record === undefined) delete next.record;
    put({ speed: next });
  };
  const channels = Number(speed.concurrent ?? 1);
  const mbps = speed.mbps === undefined ? null : Number(speed.mbps);
  const rows = speed.record === undefined ? null : Number(speed.record);
  const isLimited = mbps !== null || rows !== null;
  // What was set before the limit was switched off is there again when it is switched on.
  const [last, setLast] = useState<Partial<Speed>>({ mbps: 8 });
  const share = [
    ...(mbps === null ? [] : [`${round(mbps / channels)} MiB/s`]),
    ...(rows === null ? [] : [`${Math.floor(rows / channels)} ${t('rowsPerSecond')}`]),
  ].join(', ');
  return (
    <Form layout="vertical" component="div" style={{ maxWidth: 720 }}>
      <Problems problems={problems} here="channel" onGo={onGo} />
      <Form.Item
        label={t('channels')}
        htmlFor="channels"
        extra={t('channelsHelp')}
        data-pointer={`${AT}/speed/concurrent`}
        {...marked(problems, `${AT}/speed/concurrent`)}
      >
        <Flex gap={16}>
          <Slider
            style={{ flex: 1 }}
            min={1}
            max={Math.max(MOST_ON_SLIDER, channels)}
            value={channels}
            ariaLabelForHandle={t('channels')}
            onChange={(value) => putSpeed({ concurrent: value })}
          />
          <InputNumber
            id="channels"
            min={1}
            max={1024}
            precision={0}
            value={channels}
            onChange={(value) => putSpeed({ concurrent: value ?? 1 })}
          />
        </Flex>
      </Form.Item>
      <Form.Item
        label={t('rate')}
        htmlFor="limited"
        extra={isLimited ? t('ratePerChannel', { share }) : t('rateHelp')}
        data-pointer={`${AT}/speed`}
      >
        <Flex gap={16} align="center" wrap>
          <Switch
            id="limited"
            checked={isLimited}
            aria-label={t('rate')}
            onChange={(isOn) => {
              if (!isOn) setLast({ mbps: speed.mbps, record: speed.record });
              putSpeed(isOn ? last : { mbps: undefined, record: undefined });
            }}
          />
          {isLimited ? (
            <>
              <InputNumber
                aria-label={t('rateBytes')}
                min={0.001}
                suffix="MiB/s"
                style={{ width: 180 }}
                placeholder={t('noLimit')}
                value={mbps}
                onChange={(value) => putSpeed({ mbps: value ?? undefined })}
              />
              <InputNumber
                aria-label={t('rateRows')}
                min={1}
                precision={0}
                suffix={t('rowsPerSecond')}
                style={{ width: 180 }}
                placeholder={t('noLimit')}
                value={rows}
                onChange={(value) => putSpeed({ record: value ?? undefined })}
              />
            </>
          ) : null}
        </Flex>
      </Form.Item>
      <DirtyRows limit={setting.errorLimit} onChange={(errorLimit) => put({ errorLimit })} />
      <Form.Item
        label={t('retries')}
        htmlFor="retries"
        extra={t('retriesHelp')}
        data-pointer={`${AT}/retries`}
        {...marked(problems, `${AT}/retries`)}
      >
        <InputNumber
          id="retries"
          min={0}
          max={100}
          precision={0}
          placeholder="3"
          value={setting.retries === undefined ? null : Number(setting.retries)}
          onChange={(value) => put({ retries: value ?? undefined })}
        />
      </Form.Item>
      <Groups project={project} source={source} target={target} />
    </Form>
  );
}

function round(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toFixed(2);
}

interface DirtyProps {
  limit: ErrorLimit | undefined;
  onChange: (limit: ErrorLimit | undefined) => void;
}

function DirtyRows({ limit, onChange }: DirtyProps) {
  const { t } = useTranslation('wizard');
  const tolerance = toleranceOf(limit);
  return (
    <>
      <Form.Item label={t('dirty')} extra={t('dirtyHelp')} data-pointer={`${AT}/errorLimit`}>
        <Radio.Group
          vertical
          aria-label={t('dirty')}
          value={tolerance}
          onChange={(event) => onChange(LIMITS[toTolerance(event.target.value)])}
          options={[
            { value: 'none', label: t('dirtyNone') },
            { value: 'rows', label: t('dirtyRows') },
            { value: 'share', label: t('dirtyShare') },
            { value: 'any', label: t('dirtyAny') },
          ]}
        />
      </Form.Item>
      {tolerance === 'rows' ? (
        <Form.Item label={t('dirtyCount')} htmlFor="dirty-rows">
          <InputNumber
            id="dirty-rows"
            min={1}
            precision={0}
            value={Number(limit?.record ?? 1)}
            onChange={(value) => onChange({ ...limit, record: value ?? 1 })}
          />
        </Form.Item>
      ) : null}
      {tolerance === 'share' || limit?.percentage !== undefined ? (
        <Form.Item label={t('dirtyPercent')} htmlFor="dirty-share">
          <InputNumber
            id="dirty-share"
            min={0}
            max={100}
            suffix="%"
            value={Math.round(Number(limit?.percentage ?? 0) * 1e6) / 1e4}
            onChange={(value) => onChange({ ...limit, percentage: (value ?? 0) / 100 })}
          />
        </Form.Item>
      ) : null}
    </>
  );
}

/** Which resource group a run of the job goes to, unless the run or the schedule names another one. */
function Groups({ project, source, target }: Pick<Props, 'project' | 'source' | 'target'>) {
  const { t } = useTranslation('wizard');
  const groups = useGroups(project);
  const names = new Set(
    [source.datasource?.resourceGroup, target.datasource?.resourceGroup].filter(
      (name) => name !== undefined,
    ),
  );
  const said = [...names].map((name) => {
    const slots = groups.data?.items.find((it) => it.name === name)?.slots ?? 0;
    return slots > 0 ? t('groupSlots', { name, count: slots }) : name;
  });
  return (
    <Form.Item label={t('resourceGroup')} extra={t('resourceGroupHelp')}>
      {said.length > 0 ? said.join(', ') : t('groupUnknown')}
    </Form.Item>
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

export function toleranceOf(limit: ErrorLimit | undefined): Tolerance {
  if (limit?.record !== undefined) return Number(limit.record) === 0 ? 'none' : 'rows';
  return limit?.percentage === undefined ? 'any' : 'share';
}
