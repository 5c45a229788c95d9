/** One thing done to many jobs, one after another, with what was refused. */

export interface Outcome {
  done: number;
  refused: { name: string; message: string }[];
}

interface Named {
  name: string;
}

/** What is refused for one job stops nothing for the others. */
export async function forEach<T extends Named>(
  items: readonly T[],
  act: (item: T) => Promise<unknown>,
): Promise<Outcome> {
  const outcome: Outcome = { done: 0, refused: [] };
  for (const item of items) {
    try {
      // One at a time: a server that is busy is not asked for all at once.
      // oxlint-disable-next-line no-await-in-loop
      await act(item);
      outcome.done += 1;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      outcome.refused.push({ name: item.name, message });
    }
  }
  return outcome;
}
