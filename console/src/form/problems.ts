/** What the server said about the fields of a form, for antd's `Form.Item`. */

import type { Problem } from '@/api/client';
import { isWithin, keysOf } from '@/lib/pointer';

interface Marked {
  validateStatus?: 'error' | 'warning' | undefined;
  help?: string;
}

/** The mark of a field; of an entry of a list, its number is told. */
export function marked(problems: readonly Problem[], pointer: string): Marked {
  const found = problems.filter((problem) => isWithin(problem.pointer, pointer));
  if (found.length === 0) return {};
  return {
    validateStatus: statusOf(found),
    help: found.map((it) => textOf(it, pointer)).join('\n'),
  };
}

/** How a field with these problems is marked. */
export function statusOf(problems: readonly Problem[]): 'error' | 'warning' | undefined {
  if (problems.length === 0) return undefined;
  return problems.some((it) => it.severity === 'error') ? 'error' : 'warning';
}

function textOf(problem: Problem, pointer: string): string {
  const [index] = keysOf(problem.pointer.slice(pointer.length));
  const place = index !== undefined && /^\d+$/.test(index) ? `${Number(index) + 1}: ` : '';
  return `${place}${[problem.message, problem.hint].filter(Boolean).join(' — ')}`;
}
