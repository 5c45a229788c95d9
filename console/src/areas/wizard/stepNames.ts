/** The names of the steps, which addresses hold too. */

export const STEPS = ['source', 'target', 'mapping', 'channel', 'review'] as const;
export type StepName = (typeof STEPS)[number];
