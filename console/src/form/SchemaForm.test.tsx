import { cleanup, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { show } from '@/testing';
import { fieldsOf } from './schema';
import { SchemaForm } from './SchemaForm';

afterEach(cleanup);

const FIELDS = fieldsOf({
  type: 'object',
  properties: {
    name: { type: 'string', pattern: '^[a-z]+$' },
    columns: {
      type: 'array',
      items: { type: 'object', properties: { index: { type: 'string' } } },
    },
  },
});

function Form({
  given,
  onChange,
}: {
  given: Record<string, unknown>;
  onChange: (it: object) => void;
}) {
  const [value, setValue] = useState(given);
  return (
    <SchemaForm
      fields={FIELDS}
      value={value}
      pointer="/config"
      problems={[
        { pointer: '/config/columns/1/index', message: 'no number', hint: null, severity: 'error' },
      ]}
      onChange={(changed) => {
        setValue(changed);
        onChange(changed);
      }}
    />
  );
}

it('draws a list of objects field by field, with problems where they belong', async () => {
  const changed = vi.fn();
  show(<Form given={{ columns: [{ index: '0' }] }} onChange={changed} />);
  const list = screen.getByRole('group', { name: 'Columns' });
  await userEvent.click(within(list).getByRole('button', { name: /Add an entry$/ }));
  const second = within(list).getByRole('group', { name: 'Columns 2' });
  expect(within(second).getByRole('alert')).toHaveTextContent('no number');
  await userEvent.type(within(second).getByRole('textbox'), '7');
  expect(changed).toHaveBeenLastCalledWith({ columns: [{ index: '0' }, { index: '7' }] });
  await userEvent.click(within(list).getByRole('button', { name: 'Remove Columns 1' }));
  expect(changed).toHaveBeenLastCalledWith({ columns: [{ index: '7' }] });
});

it('leaves a list of something else as JSON', () => {
  show(<Form given={{ columns: ['id'] }} onChange={() => undefined} />);
  expect(screen.getByRole('textbox', { name: 'Columns' })).toHaveDisplayValue(/"id"/);
});

it('tells at once of a text that does not fit its pattern, unless a parameter stands in it', async () => {
  show(<Form given={{}} onChange={() => undefined} />);
  const name = screen.getByRole('textbox', { name: 'Name' });
  await userEvent.type(name, 'A1');
  expect(await screen.findByText(/^It does not fit the pattern/)).toBeVisible();
  cleanup();
  show(<Form given={{ name: '${day}' }} onChange={() => undefined} />);
  expect(screen.queryByText(/^It does not fit the pattern/)).toBeNull();
});
