/** The parts of the page; the one that is seen stands in the address. */
export const ALERT_TABS = ['rules', 'channels', 'history'] as const;

export type AlertTab = (typeof ALERT_TABS)[number];
