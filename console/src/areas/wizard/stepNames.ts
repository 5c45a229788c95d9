/** The steps of the wizard in their order; the address of a page names them. */
export const STEPS = ['source', 'target', 'mapping', 'channel', 'review'] as const;
export type StepName = (typeof STEPS)[number];
