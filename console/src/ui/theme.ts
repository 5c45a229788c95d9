/** Colours and sizes. The contrast of each pair was checked against WCAG 2.1 AA. */

import { theme as antd, type ThemeConfig } from 'antd';

export type Appearance = 'light' | 'dark';

const shared = {
  borderRadius: 6,
  fontSize: 14,
  fontFamily:
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif",
  fontFamilyCode: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
};

const light: ThemeConfig = {
  algorithm: antd.defaultAlgorithm,
  token: {
    ...shared,
    colorPrimary: '#1559c7',
    // antd's own is too pale for text.
    colorPrimaryHover: '#2a6ad0',
    colorInfo: '#1559c7',
    colorLink: '#0b4fb3',
    colorError: '#c41d2b',
    colorTextSecondary: '#4b5565',
    colorTextDescription: '#4b5565',
    colorTextTertiary: '#5b6472',
    colorTextPlaceholder: '#6b7280',
    colorBgLayout: '#f5f7fa',
  },
};

const dark: ThemeConfig = {
  algorithm: antd.darkAlgorithm,
  token: {
    ...shared,
    colorPrimary: '#4c8dff',
    colorInfo: '#4c8dff',
    colorLink: '#7db1ff',
    colorError: '#ff7875',
    colorTextSecondary: '#b3bcc9',
    colorTextDescription: '#b3bcc9',
    colorTextTertiary: '#9aa4b2',
    colorTextPlaceholder: '#9aa4b2',
    colorTextLightSolid: '#0b1220',
  },
  components: {
    Menu: { itemSelectedColor: '#a9ccff', itemSelectedBg: '#15325b' },
    Tabs: { itemSelectedColor: '#7db1ff' },
  },
};

/** Without motion, antd shows and hides at once: what waits for the end of an animation does not come otherwise. */
export function themeOf(appearance: Appearance, motion: boolean): ThemeConfig {
  const chosen = appearance === 'dark' ? dark : light;
  return { ...chosen, token: { ...chosen.token, motion } };
}
