/** Whether values of one type fit into another one, from what both stores say about their columns. */

import type { Field } from './mapping';

/** Why some values may not fit. */
export type Doubt = 'convert' | 'narrow' | 'digits' | 'time' | 'length';

type Type = Pick<Field, 'arrowType' | 'type'>;

/** Why a column may hold values that another one refuses; null when all of them fit. */
export function doubtOf(from: Type, to: Type): Doubt | null {
  const [source, target] = [familyOf(from.arrowType), familyOf(to.arrowType)];
  if (target === 'text') return isLonger(from, to) ? 'length' : null;
  if (source === target) {
    switch (target) {
      case 'integer':
        return fitsInteger(from.arrowType, to.arrowType) ? null : 'narrow';
      case 'decimal':
        return fitsDecimal(decimalOf(from.arrowType), decimalOf(to.arrowType)) ? null : 'digits';
      case 'float':
        return bitsOf(from.arrowType) > bitsOf(to.arrowType) ? 'narrow' : null;
      default:
        return null;
    }
  }
  if (source === 'integer' && target === 'float') return null;
  if (source === 'integer' && target === 'decimal') {
    const whole = { digits: DIGITS[from.arrowType] ?? 20, scale: 0 };
    return fitsDecimal(whole, decimalOf(to.arrowType)) ? null : 'digits';
  }
  if (source === 'decimal' && target === 'float') return null;
  if (source === 'date' && target === 'timestamp') return null;
  if (source === 'timestamp' && target === 'date') return 'time';
  return 'convert';
}

/** Why a constant may not fit; null when it does, or when only the run can tell. */
export function doubtOfConstant(constant: string, to: Type): Doubt | null {
  const target = familyOf(to.arrowType);
  const text = /^'.*'$/s.test(constant) ? constant.slice(1, -1).replaceAll("''", "'") : constant;
  if (/^null$/i.test(text)) return null;
  const longest = lengthOf(to.type);
  if (target === 'text') return longest !== null && text.length > longest ? 'length' : null;
  if (target === 'integer') return /^[-+]?\d+$/.test(text.trim()) ? null : 'convert';
  if (target === 'decimal' || target === 'float') {
    return text.trim() !== '' && Number.isFinite(Number(text)) ? null : 'convert';
  }
  if (target === 'Boolean') return /^(?:true|false|t|f|0|1)$/i.test(text) ? null : 'convert';
  return null;
}

function familyOf(arrowType: string): string {
  if (/^(?:Large)?Utf8/.test(arrowType)) return 'text';
  if (/^U?Int\d/.test(arrowType)) return 'integer';
  if (arrowType.startsWith('Float')) return 'float';
  if (arrowType.startsWith('Decimal')) return 'decimal';
  if (arrowType.startsWith('Date')) return 'date';
  if (arrowType.startsWith('Timestamp')) return 'timestamp';
  if (arrowType.startsWith('Time')) return 'time';
  // Of all others only the very same type is known to fit.
  return arrowType;
}

const DIGITS: Record<string, number> = {
  Int8: 3,
  UInt8: 3,
  Int16: 5,
  UInt16: 5,
  Int32: 10,
  UInt32: 10,
  Int64: 19,
  UInt64: 20,
};

function bitsOf(arrowType: string): number {
  return Number(/\d+/.exec(arrowType)?.[0] ?? 0);
}

function fitsInteger(from: string, to: string): boolean {
  const [unsignedFrom, unsignedTo] = [from.startsWith('U'), to.startsWith('U')];
  if (unsignedTo && !unsignedFrom) return false;
  const spare = unsignedFrom && !unsignedTo ? 1 : 0;
  return bitsOf(to) >= bitsOf(from) + spare;
}

interface Decimal {
  digits: number;
  scale: number;
}

/** `Decimal128(15, 2)` as its digits and how many of them stand behind the point. */
function decimalOf(arrowType: string): Decimal {
  const [digits, scale] = /\((\d+), *(-?\d+)\)/.exec(arrowType)?.slice(1).map(Number) ?? [];
  return { digits: digits ?? 38, scale: scale ?? 18 };
}

function fitsDecimal(from: Decimal, to: Decimal): boolean {
  return to.scale >= from.scale && to.digits - to.scale >= from.digits - from.scale;
}

/** `varchar(32)` and `character varying(32)` hold 32 characters; null when there is no limit. */
function lengthOf(type: string): number | null {
  const found = /^(?:character varying|character|varchar|char|bpchar)\((\d+)\)/i.exec(type);
  return found ? Number(found[1]) : null;
}

function isLonger(from: Type, to: Type): boolean {
  const longest = lengthOf(to.type);
  if (longest === null) return false;
  if (familyOf(from.arrowType) !== 'text') return false;
  return (lengthOf(from.type) ?? Number.POSITIVE_INFINITY) > longest;
}
