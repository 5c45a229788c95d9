/** Colours of code in editors; those for the dark theme have the contrast that the default ones lack. */

import { defaultHighlightStyle, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { tags } from '@lezer/highlight';

const dark = HighlightStyle.define([
  { tag: tags.propertyName, color: '#9cc5ff' },
  { tag: tags.string, color: '#a5e08a' },
  { tag: tags.number, color: '#ffd591' },
  { tag: [tags.bool, tags.null, tags.keyword], color: '#ff9ec7' },
  { tag: [tags.typeName, tags.standard(tags.name)], color: '#b9a5ff' },
  { tag: tags.comment, color: '#9aa4b2', fontStyle: 'italic' },
]);

export function highlighting(isDark: boolean): Extension {
  return syntaxHighlighting(isDark ? dark : defaultHighlightStyle);
}
