import { describe, expect, it } from 'vitest';
import { crc32, zip } from './zip';

describe('zip', () => {
  it('has the checksum of the specification', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array())).toBe(0);
  });
  it('ends with a directory that names every file', () => {
    const archive = zip([
      { name: 'daily/orders.json', text: '{}\n' },
      { name: '订单.json', text: '' },
    ]);
    const view = new DataView(archive.buffer);
    const end = archive.length - 22;
    expect(view.getUint32(end, true)).toBe(0x06054b50);
    expect(view.getUint16(end + 10, true)).toBe(2);
    const directory = view.getUint32(end + 16, true);
    expect(directory + view.getUint32(end + 12, true)).toBe(end);
    expect(view.getUint32(directory, true)).toBe(0x02014b50);
    expect(view.getUint16(directory + 28, true)).toBe('daily/orders.json'.length);
    // The first file is where the directory says, and has the text that was given.
    const first = view.getUint32(directory + 42, true);
    expect(view.getUint32(first, true)).toBe(0x04034b50);
    const content = first + 30 + 'daily/orders.json'.length;
    expect(new TextDecoder().decode(archive.slice(content, content + 3))).toBe('{}\n');
  });
});
