import { cleanup, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, it, vi } from 'vitest';
import { show } from '@/testing';
import { newDraft } from './draft';
import { MappingStep } from './MappingStep';
import { SideStep } from './SideStep';
import type { StepProps } from './steps';
import { ToScript } from './ToScript';
import type { SideView } from './useSides';

afterEach(cleanup);

/** A side of which nothing is known but this. */
function side(known: Partial<SideView>): SideView {
  // What is not given is not looked at.
  return {
    failed: null,
    isLost: false,
    table: 't',
    form: [],
    all: null,
    partitions: [],
    place: 'table',
    has: () => false,
    ...known,
  } as SideView;
}

function props(): StepProps {
  const draft = newDraft('');
  draft.document.configuration.reader = { plugin: 'odps', parameter: { datasource: 'lost_one' } };
  draft.document.configuration.writer = { plugin: 'odps', parameter: { datasource: 'here' } };
  return {
    project: 'p',
    draft,
    onChange: () => undefined,
    onLoss: () => undefined,
    problems: [],
    parameters: [],
    onNewDatasource: () => undefined,
  };
}

it('a mapping without its data source says so, and leads to where one is chosen', async () => {
  const go = vi.fn();
  show(
    <MappingStep
      {...props()}
      job="j"
      source={side({ isLost: true })}
      target={side({})}
      ends={{ source: null, target: null, isFree: false }}
      aim={null}
      onGo={go}
    />,
  );
  expect(screen.getByRole('alert')).toHaveTextContent('lost_one');
  await userEvent.click(screen.getByRole('button', { name: 'Source' }));
  expect(go).toHaveBeenCalledWith('source');
});

it('a connector without tables offers the script, and asks before it makes one', async () => {
  const toScript = vi.fn();
  const connector = { title: 'Pipe', capabilities: { browser: false } };
  show(
    <SideStep
      {...props()}
      side="reader"
      // Of a connector, only what the step looks at.
      view={side({ connector: connector as SideView['connector'] })}
      other={side({})}
      toScript={<ToScript may isNamed onScript={toScript} />}
    />,
  );
  await userEvent.click(screen.getByRole('button', { name: 'Switch to script' }));
  expect(toScript).not.toHaveBeenCalled();
  await userEvent.click(await screen.findByRole('button', { name: 'Save and switch' }));
  expect(toScript).toHaveBeenCalledTimes(1);
});
