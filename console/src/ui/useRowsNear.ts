import { useSyncExternalStore, type RefObject } from 'react';

/** Rows come and go by so many, so that scrolling seldom draws anything anew. */
const BLOCK = 12;

/** Which of a long list's rows, all of one height, are seen or near: from `first` up to before `end`. */
export function useRowsNear(box: RefObject<HTMLElement | null>, rowHeight: number) {
  // Asked after every drawing, too: what stands above the list may have grown.
  const [first = 0, end = 0] = useSyncExternalStore(onMove, () => {
    const top = box.current?.getBoundingClientRect().top ?? 0;
    const blocks = (pixels: number) => Math.floor(pixels / rowHeight / BLOCK);
    return `${Math.max(0, blocks(-top) - 1) * BLOCK} ${(blocks(innerHeight - top) + 2) * BLOCK}`;
  })
    .split(' ')
    .map(Number);
  return { first, end };
}

function onMove(look: () => void): () => void {
  addEventListener('scroll', look, { capture: true, passive: true });
  addEventListener('resize', look);
  return () => {
    removeEventListener('scroll', look, { capture: true });
    removeEventListener('resize', look);
  };
}
