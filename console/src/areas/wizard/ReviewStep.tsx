import { Alert, Button, Descriptions, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Problem, Schemas } from '@/api/client';
import { titleOf, type Field } from '@/form/schema';
import { Variables } from '@/form/Variables';
import {
  datasourceOf,
  isObject,
  tablesOf,
  textOf,
  textsOf,
  writeDocument,
  type Side,
} from '@/lib/document';
import { pairsOf, shownAs } from '@/lib/mapping';
import { Code } from '@/ui/Code';
import { toleranceOf } from './ChannelStep';
import type { StepName } from './stepNames';
import { Problems } from './Problems';
import type { StepProps } from './steps';
import type { SideView } from './useSides';
import { isKnown } from './WriteMode';

interface Props extends StepProps {
  source: SideView;
  target: SideView;
  all: readonly Problem[];
  /** Whether the check of the document is still on its way. */
  isChecking: boolean;
  report: Schemas['DocumentReport'] | undefined;
  /** The day that parameters are shown for; null for yesterday. */
  bizdate: string | null;
  onBizdate: (bizdate: string | null) => void;
  onGo: (step: StepName, pointer?: string) => void;
}

/** Everything once more before it is saved, with the script that it makes. */
export function ReviewStep(props: Props) {
  const { draft, onChange, all, isChecking, report, source, target, bizdate, onBizdate, onGo } =
    props;
  const { t } = useTranslation('wizard');
  const { t: common } = useTranslation('common');
  const { configuration } = draft.document;
  const { setting } = configuration;
  const pairs = pairsOf(draft.document);
  const { mbps, record } = setting.speed ?? {};
  const rate = [
    ...(mbps === undefined ? [] : [`${mbps} MiB/s`]),
    ...(record === undefined ? [] : [`${record} ${t('rowsPerSecond')}`]),
  ].join(', ');
  const limit = setting.errorLimit;
  const dirty = {
    none: t('dirtyNone'),
    rows: t('upToRows', { count: Number(limit?.record ?? 0) }),
    share: t('upToShare', { share: Number(limit?.percentage ?? 0) * 100 }),
    any: t('dirtyAny'),
  }[toleranceOf(limit)];
  const groups: [StepName, [string, string][]][] = [
    [
      'source',
      [
        ...place('reader', source),
        ...(configuration.filter === undefined
          ? []
          : [[t('filter'), configuration.filter] satisfies [string, string]]),
        ...settings('reader', source.form),
      ],
    ],
    ['target', [...place('writer', target), ...settings('writer', target.form)]],
    [
      'mapping',
      [
        [
          t('fields'),
          pairs.length > 0
            ? pairs.map((pair) => `${shownAs(pair.source)} → ${pair.target}`).join('\n')
            : t('allOfThem'),
        ],
      ],
    ],
    [
      'channel',
      [
        [t('channels'), String(setting.speed?.concurrent ?? 1)],
        [t('rate'), rate || t('noLimit')],
        [t('dirty'), dirty],
        [t('retries'), String(setting.retries ?? 3)],
      ],
    ],
  ];

  function place(side: Side, { place: name }: SideView): [string, string][] {
    const step = configuration[side];
    const tables = name === null ? [] : tablesOf(step);
    const label = name === 'path' ? t('file') : t('table');
    return [
      [t('datasource'), step.plugin === '' ? '' : `${datasourceOf(step)} (${step.plugin})`],
      [label, tables.join('\n')],
    ];
  }

  /** Everything else that is set, in the words of the form. */
  function settings(side: Side, form: Field[]): [string, string][] {
    const { parameter } = configuration[side];
    const shown = new Set([
      'datasource',
      'column',
      'table',
      ...(side === 'reader' ? ['path'] : []),
    ]);
    return Object.entries(parameter)
      .filter(([name]) => !shown.has(name))
      .map(([name, value]) =>
        name === 'writeMode' && typeof value === 'string' && isKnown(value)
          ? [t('conflict'), t(`mode.${value}`)]
          : [labelOf(name, form), said(value)],
      );
  }

  function labelOf(name: string, form: Field[]): string {
    if (name === 'where') return t('filter');
    if (name === 'splitPk') return t('splitKey');
    if (name === 'preSql') return t('before');
    if (name === 'postSql') return t('after');
    return form.find((field) => field.name === name)?.title ?? titleOf(name);
  }

  return (
    <Flex vertical gap={16}>
      {all.length === 0 && report && !isChecking ? (
        <Alert type="success" showIcon title={t('allRight')} />
      ) : null}
      <Problems problems={all} onGo={onGo} />
      {groups.map(([step, facts]) => (
        <Descriptions
          key={step}
          className="review"
          title={<h2 className="section">{t(`step.${step}`)}</h2>}
          size="small"
          bordered
          column={{ xs: 1, lg: 2 }}
          extra={
            <Button
              type="link"
              aria-label={`${common('edit')}: ${t(`step.${step}`)}`}
              onClick={() => onGo(step)}
            >
              {common('edit')}
            </Button>
          }
          items={facts
            .filter(([, value]) => value !== '')
            .map(([label, value]) => ({
              key: label,
              label,
              children: <div className="fact">{value}</div>,
            }))}
        />
      ))}
      <section aria-labelledby="review-variables">
        <h2 className="section" id="review-variables">
          {t('variables')}
        </h2>
        <Variables
          variables={draft.variables}
          problems={report?.variableProblems ?? []}
          parameters={report?.parameters ?? []}
          bizdate={bizdate}
          onBizdate={onBizdate}
          onChange={(variables) => onChange((now) => ({ ...now, variables }))}
        />
      </section>
      <section aria-labelledby="review-script">
        <h2 className="section" id="review-script">
          {t('script')}
        </h2>
        <Code language="json" label={t('script')} value={writeDocument(draft.document)} />
      </section>
    </Flex>
  );
}

function said(value: unknown): string {
  if (Array.isArray(value) && value.every((it) => !isObject(it))) return textsOf(value).join('\n');
  return typeof value === 'object' ? JSON.stringify(value) : textOf(value);
}
