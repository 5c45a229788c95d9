import { FolderOutlined } from '@ant-design/icons';
import { Tree, type TreeDataNode } from 'antd';
import { useTranslation } from 'react-i18next';
import { client, unwrap, type Schemas } from '@/api/client';
import { usePages } from '@/api/pages';

interface Props {
  project: string;
  chosen: string | undefined;
  onChoose: (path: string | undefined) => void;
}

const ALL = '\u0000all';

/** The folders of a project as a tree. */
export function Folders({ project, chosen, onChoose }: Props) {
  const { t } = useTranslation('jobs');
  const pages = usePages<Schemas['Folder']>({
    key: ['folders', project],
    read: (cursor, signal) =>
      unwrap(
        client.GET('/api/v1/projects/{project}/folders', {
          params: { path: { project }, query: { cursor, limit: 500 } },
          signal,
        }),
      ),
  });
  return (
    <div style={{ width: 220, flex: 'none' }}>
      <Tree
        aria-label={t('folders')}
        blockNode
        showIcon
        icon={<FolderOutlined />}
        defaultExpandAll
        selectedKeys={[chosen ?? ALL]}
        treeData={[{ key: ALL, title: t('allJobs') }, ...treeOf(pages.items)]}
        onSelect={([key]) => onChoose(key === undefined || key === ALL ? undefined : String(key))}
      />
    </div>
  );
}

/** Paths such as `a/b` as a tree; a folder above that is not listed is there all the same. */
function treeOf(folders: readonly Schemas['Folder'][]): TreeDataNode[] {
  const roots: TreeDataNode[] = [];
  const known = new Map<string, TreeDataNode>();
  for (const { path } of folders) {
    let above = '';
    for (const name of path.split('/').filter(Boolean)) {
      const key = above === '' ? name : `${above}/${name}`;
      if (!known.has(key)) {
        const node: TreeDataNode = { key, title: name, children: [] };
        known.set(key, node);
        const parent = known.get(above);
        (parent?.children ?? roots).push(node);
      }
      above = key;
    }
  }
  return roots;
}
