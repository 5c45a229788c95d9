/** Paths of folders such as `daily/orders` as a tree. */

export interface FolderNode {
  path: string;
  name: string;
  /** The jobs in the folder itself. */
  jobCount: number;
  children: FolderNode[];
}

interface Folder {
  path: string;
  jobCount: number;
}

/** A folder above that is not listed is there all the same. */
export function treeOf(folders: readonly Folder[]): FolderNode[] {
  const roots: FolderNode[] = [];
  const known = new Map<string, FolderNode>();
  for (const folder of folders) {
    let above = '';
    for (const name of folder.path.split('/').filter(Boolean)) {
      const path = joined(above, name);
      if (!known.has(path)) {
        const node: FolderNode = { path, name, jobCount: 0, children: [] };
        known.set(path, node);
        (known.get(above)?.children ?? roots).push(node);
      }
      above = path;
    }
    const node = known.get(folder.path);
    if (node) node.jobCount = folder.jobCount;
  }
  return roots;
}

/** The path of a folder in another one; the top is empty. */
export function joined(above: string, name: string): string {
  return above === '' ? name : `${above}/${name}`;
}

export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
