import { Button, DatePicker, Drawer, Flex, Form, Input } from 'antd';
import dayjs from 'dayjs';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, client, unwrap, type Schemas } from '@/api/client';
import { useChange, useRead } from '@/api/hooks';
import { FormFailure } from '@/form/FormFailure';
import { marked } from '@/form/problems';
import { daysOf, linesOf, weekendsOf } from '@/lib/daysOff';
import { Edited } from '@/ui/Edited';
import { Lines } from '@/ui/Lines';
import { useOpener } from '@/ui/useOpener';

interface Props {
  project: string;
  /** The name of the one to edit; null for a new one. */
  calendar: string | null;
  onClose: () => void;
}

type Fields = Pick<Schemas['Calendar'], 'name' | 'description' | 'daysOff' | 'openFrom'>;

interface Loading {
  value: Fields;
  revision: string | null;
}

const EMPTY: Loading = { value: { name: '', description: '', daysOff: [] }, revision: null };

export function CalendarDrawer({ project, calendar, onClose }: Props) {
  useOpener();
  const { t } = useTranslation('schedules');
  const known = useRead<Loading>({
    key: ['calendars', project, 'one', calendar],
    isEdited: true,
    read: (signal) =>
      calendar === null
        ? Promise.resolve(EMPTY)
        : answer(
            client.GET('/api/v1/projects/{project}/calendars/{calendar}', {
              params: { path: { project, calendar } },
              signal,
            }),
          ),
  });
  return (
    <Drawer
      open
      size={560}
      title={calendar === null ? t('calendars.new') : t('calendars.editTitle', { name: calendar })}
      onClose={onClose}
      mask={{ closable: false }}
    >
      <Edited reading={known}>
        {({ value, revision }, reload) => (
          <CalendarForm
            project={project}
            initial={value}
            revision={revision}
            onReload={reload}
            onClose={onClose}
          />
        )}
      </Edited>
    </Drawer>
  );
}

interface FormProps {
  project: string;
  initial: Fields;
  /** Null for a new one. */
  revision: string | null;
  onReload: () => void;
  onClose: () => void;
}

function CalendarForm({ project, initial, revision, onReload, onClose }: FormProps) {
  const { t } = useTranslation('schedules');
  const { t: common } = useTranslation('common');
  const [name, setName] = useState(initial.name);
  const [description, setDescription] = useState(initial.description);
  // The field keeps its own text; what is added beside it makes it anew.
  const [days, setDays] = useState({ lines: linesOf(initial.daysOff), made: 0 });
  const [year, setYear] = useState(dayjs().year());
  const [isTold, setTold] = useState(false);
  const { days: daysOff, wrong } = daysOf(days.lines);
  const save = useChange({
    inForm: true,
    refresh: [
      ['calendars', project],
      ['schedules', project],
    ],
    done: t('calendars.saved'),
    onDone: onClose,
    change: () => {
      if (revision === null) {
        return unwrap(
          client.POST('/api/v1/projects/{project}/calendars', {
            params: { path: { project } },
            body: { name, description, daysOff },
          }),
        );
      }
      return unwrap(
        client.PATCH('/api/v1/projects/{project}/calendars/{calendar}', {
          params: { path: { project, calendar: name }, header: { 'If-Match': revision } },
          body: { description, daysOff },
        }),
      );
    },
  });
  const problems = save.error?.problems ?? [];
  const unread = isTold && wrong.length > 0;
  return (
    <Form
      layout="vertical"
      onFinish={() => {
        setTold(true);
        if (wrong.length === 0) save.mutate();
      }}
    >
      <FormFailure
        error={save.error}
        fields={['/name', '/description', '/daysOff']}
        onReload={onReload}
      />
      <Form.Item
        label={common('name')}
        htmlFor="calendar-name"
        required
        extra={revision === null ? t('calendars.nameRule') : undefined}
        {...marked(problems, '/name')}
      >
        <Input
          id="calendar-name"
          autoFocus={revision === null}
          disabled={revision !== null}
          maxLength={60}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </Form.Item>
      <Form.Item
        label={common('description')}
        htmlFor="calendar-description"
        {...marked(problems, '/description')}
      >
        <Input
          id="calendar-description"
          maxLength={200}
          showCount
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
      </Form.Item>
      <Form.Item
        label={t('calendars.daysOff')}
        htmlFor="calendar-days"
        extra={
          <>
            <div>{t('calendars.daysHelp')}</div>
            {initial.openFrom ? (
              <div>{t('calendars.openFrom', { day: initial.openFrom })}</div>
            ) : null}
          </>
        }
        {...(unread
          ? {
              validateStatus: 'error' as const,
              help: t('calendars.wrongDays', { lines: wrong.map((it) => `“${it}”`).join(', ') }),
            }
          : marked(problems, '/daysOff'))}
      >
        <Lines
          key={days.made}
          id="calendar-days"
          placeholder="2026-10-01..2026-10-07"
          value={days.lines}
          onChange={(lines) => setDays({ ...days, lines })}
        />
      </Form.Item>
      <Form.Item label={t('calendars.year')} htmlFor="calendar-year">
        <Flex gap={8}>
          <DatePicker
            id="calendar-year"
            picker="year"
            allowClear={false}
            value={dayjs().year(year)}
            onChange={(picked) => setYear(picked?.year() ?? year)}
          />
          <Button
            onClick={() => {
              // Days that have instances stay as they are.
              const weekends = weekendsOf(year).filter((day) => day >= (initial.openFrom ?? ''));
              const lines = [...linesOf([...daysOff, ...weekends]), ...wrong];
              setDays({ lines, made: days.made + 1 });
            }}
          >
            {t('calendars.addWeekends')}
          </Button>
        </Flex>
      </Form.Item>
      <Flex gap={8} justify="end">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="primary" htmlType="submit" loading={save.isPending}>
          {common('save')}
        </Button>
      </Flex>
    </Form>
  );
}
