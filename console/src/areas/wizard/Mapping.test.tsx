import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { startTranslation } from '@/i18n';
import { words } from '@/i18n/en';
import { link, unlink, type Pair } from '@/lib/mapping';
import { Mapping } from './Mapping';
import type { RowView } from './MappingRow';

beforeAll(() => {
  startTranslation('en', words);
});

afterEach(cleanup);

const row = (name: string, isOwn = false): RowView => ({
  name,
  label: name,
  type: 'int',
  tags: [],
  isOwn,
  isWrong: false,
});

function Lists() {
  const [pairs, setPairs] = useState<Pair[]>([]);
  const [sources, setSources] = useState([row('id'), row('name'), row("'abc'", true)]);
  return (
    <Mapping
      sources={sources}
      targets={[row('key'), row('label')]}
      pairs={pairs}
      doubtful={new Set()}
      onLink={(pair) => setPairs(link(pairs, pair))}
      onUnlink={(target) => setPairs(unlink(pairs, target))}
      onRemoveSource={(name) => setSources(sources.filter((known) => known.name !== name))}
    />
  );
}

it('draws lines by a click on either side, and takes them away', async () => {
  const user = userEvent.setup();
  render(<Lists />);
  await user.click(screen.getByRole('button', { name: 'name, int' }));
  expect(screen.getByText('name is chosen; now choose a field of the target')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'label, int' }));
  expect(screen.getByRole('button', { name: 'label, int, filled from name' })).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Remove the line to label' }));
  expect(screen.getByText('label gets nothing now')).toBeTruthy();
  // The focus stays in the row whose cross is gone.
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'label, int' }));
});

it('is worked by the keyboard alone', async () => {
  const user = userEvent.setup();
  render(<Lists />);
  screen.getByRole('button', { name: 'id, int' }).focus();
  await user.keyboard('{ArrowDown}{Enter}{ArrowRight}{ArrowUp}{Enter}');
  expect(screen.getByRole('button', { name: 'key, int, filled from name' })).toBeTruthy();
  await user.keyboard('{Delete}');
  expect(screen.getByRole('button', { name: 'key, int' })).toBeTruthy();
  const sources = within(screen.getByRole('list', { name: 'Fields of the source' }));
  sources.getByRole('button', { name: "'abc', int" }).focus();
  await user.keyboard('{Delete}');
  expect(sources.queryByRole('button', { name: "'abc', int" })).toBeNull();
});

it('draws few of many rows, and every one that is walked to', async () => {
  const user = userEvent.setup();
  const rows = Array.from({ length: 1_000 }, (_, index) => row(`field_${index}`));
  render(
    <Mapping
      sources={rows}
      targets={rows}
      pairs={rows.map(({ name }) => ({ source: name, target: name }))}
      doubtful={new Set()}
      onLink={() => undefined}
      onUnlink={() => undefined}
      onRemoveSource={() => undefined}
    />,
  );
  expect(screen.getAllByRole('listitem').length).toBeLessThan(200);
  await user.tab();
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'field_0, int' }));
  await user.keyboard('{End}');
  const last = screen.getByRole('button', { name: 'field_999, int' });
  expect(document.activeElement).toBe(last);
  expect(last.closest('li')?.getAttribute('aria-setsize')).toBe('1000');
  await user.keyboard('{ArrowRight}');
  const across = screen.getByRole('button', { name: 'field_999, int, filled from field_999' });
  expect(document.activeElement).toBe(across);
});
