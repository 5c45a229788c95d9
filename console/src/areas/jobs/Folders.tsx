import { EllipsisOutlined, FolderOutlined, PlusOutlined } from '@ant-design/icons';
import { Button, Dropdown, Flex, Form, Input, Modal, Tree, type TreeDataNode } from 'antd';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { client, unwrap } from '@/api/client';
import { useChange } from '@/api/hooks';
import { FormFailure } from '@/form/FormFailure';
import { baseOf, joined, parentOf, treeOf, type FolderNode } from '@/lib/folders';
import { Failure } from '@/ui/Failure';
import { Guarded } from '@/ui/Guarded';
import { useAsk } from '@/ui/useAsk';
import { useOpener } from '@/ui/useOpener';
import { useFolders } from './queries';

interface Props {
  project: string;
  chosen: string | undefined;
  mayEdit: boolean;
  onChoose: (path: string | undefined) => void;
  /** Puts jobs that were dragged here into a folder. */
  onDropJobs: (jobs: string[], folder: string) => void;
}

const ALL = '\u0000all';
const TOP = '\u0000top';
const URL = '/api/v1/projects/{project}/folders';

/** What the dialog asks for: a new folder in one, or another path for one. */
type Editing = { kind: 'new' | 'change'; path: string };

/** The folders of a project as a tree, with what can be done to them. */
export function Folders({ project, chosen, mayEdit, onChoose, onDropJobs }: Props) {
  const { t } = useTranslation('jobs');
  const askFirst = useAsk();
  const folders = useFolders(project);
  const [editing, setEditing] = useState<Editing | null>(null);
  const refresh = [
    ['folders', project],
    ['jobs', project],
  ];
  const move = useChange({
    refresh,
    change: ({ from, to }: { from: string; to: string }) =>
      unwrap(
        client.PATCH(URL, {
          params: { path: { project }, query: { path: from } },
          body: { path: to },
        }),
      ),
    onDone: (_, { from, to }) => {
      if (chosen === from) onChoose(to);
    },
  });
  const remove = useChange({
    refresh,
    done: t('folderDeleted'),
    change: (path: string) =>
      unwrap(client.DELETE(URL, { params: { path: { project }, query: { path } } })),
    onDone: (_, path) => {
      if (chosen === path) onChoose(undefined);
    },
  });

  function act(key: string, path: string) {
    if (key === 'new') setEditing({ kind: 'new', path });
    else if (key === 'change') setEditing({ kind: 'change', path });
    else {
      askFirst({
        title: t('deleteFolder', { path }),
        help: t('deleteFolderHelp'),
        act: () => remove.mutateAsync(path),
      });
    }
  }

  const asNode = (node: FolderNode): TreeDataNode => ({
    key: node.path,
    title: (
      <FolderTitle folder={node.path} onDropJobs={onDropJobs}>
        <span className="folder-name">
          {node.name} <small>{node.jobCount > 0 ? node.jobCount : null}</small>
        </span>
        {mayEdit ? <Actions path={node.path} onAct={(key) => act(key, node.path)} /> : null}
      </FolderTitle>
    ),
    children: node.children.map(asNode),
  });

  return (
    <div className="folders">
      <Flex align="center">
        <h2 className="section">{t('folders')}</h2>
        <span style={{ flex: 1 }} />
        <Guarded may={mayEdit}>
          <Button
            type="text"
            icon={<PlusOutlined />}
            aria-label={t('newFolder')}
            disabled={!mayEdit}
            onClick={() => setEditing({ kind: 'new', path: chosen ?? '' })}
          />
        </Guarded>
      </Flex>
      {folders.error ? (
        <Failure message={folders.error.message} onRetry={folders.again} />
      ) : (
        <Tree
          key={String(folders.isPending)}
          aria-label={t('folders')}
          blockNode
          showIcon
          icon={<FolderOutlined />}
          defaultExpandAll
          selectedKeys={[chosen === undefined ? ALL : chosen === '' ? TOP : chosen]}
          draggable={
            mayEdit
              ? { icon: false, nodeDraggable: ({ key }) => key !== ALL && key !== TOP }
              : false
          }
          allowDrop={({ dropNode, dropPosition }) => dropPosition === 0 && dropNode.key !== ALL}
          onDrop={({ dragNode, node }) => {
            const from = String(dragNode.key);
            const to = joined(node.key === TOP ? '' : String(node.key), baseOf(from));
            if (to !== from && !to.startsWith(`${from}/`)) move.mutate({ from, to });
          }}
          treeData={[
            { key: ALL, title: t('allJobs') },
            {
              key: TOP,
              title: (
                <FolderTitle folder="" onDropJobs={onDropJobs}>
                  {t('withoutFolder')}
                </FolderTitle>
              ),
            },
            ...treeOf(folders.items).map(asNode),
          ]}
          onSelect={([key]) =>
            onChoose(key === undefined || key === ALL ? undefined : key === TOP ? '' : String(key))
          }
        />
      )}
      {editing ? (
        <FolderDialog
          project={project}
          editing={editing}
          onClose={() => setEditing(null)}
          onDone={(path) => {
            if (editing.kind === 'change' && chosen === editing.path) onChoose(path);
          }}
        />
      ) : null}
    </div>
  );
}

interface TitleProps extends Pick<Props, 'onDropJobs'> {
  folder: string;
  children: ReactNode;
}

/** A folder in the tree: jobs that are dropped on it go into it. */
function FolderTitle({ folder, onDropJobs, children }: TitleProps) {
  return (
    <Flex
      align="center"
      gap={4}
      className="folder"
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes(JOBS)) event.preventDefault();
      }}
      onDrop={(event) => {
        const jobs = event.dataTransfer.getData(JOBS);
        if (jobs === '') return;
        event.stopPropagation();
        onDropJobs(jobs.split(' '), folder);
      }}
    >
      {children}
    </Flex>
  );
}

function Actions({ path, onAct }: { path: string; onAct: (key: string) => void }) {
  const { t } = useTranslation('jobs');
  const { t: common } = useTranslation('common');
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        items: [
          { key: 'new', label: t('newFolderIn') },
          { key: 'change', label: t('changeFolder') },
          { key: 'delete', label: common('delete'), danger: true },
        ],
        onClick: ({ key, domEvent }) => {
          domEvent.stopPropagation();
          onAct(key);
        },
      }}
    >
      <Button
        type="text"
        size="small"
        icon={<EllipsisOutlined />}
        aria-label={t('folderActions', { path })}
        onClick={(event) => event.stopPropagation()}
      />
    </Dropdown>
  );
}

/** How dragged jobs are told from anything else. */
export const JOBS = 'application/x-longshore-jobs';

interface DialogProps {
  project: string;
  editing: Editing;
  onClose: () => void;
  onDone: (path: string) => void;
}

/** Asks for a folder's path: renaming its end renames it, changing what stands before moves it. */
function FolderDialog({ project, editing, onClose, onDone }: DialogProps) {
  useOpener();
  const { t } = useTranslation('jobs');
  const { t: common } = useTranslation('common');
  const { kind, path } = editing;
  const [name, setName] = useState(kind === 'new' ? '' : baseOf(path));
  const [above, setAbove] = useState(kind === 'new' ? path : parentOf(path));
  const to = joined(above.trim().replace(/^\/+|\/+$/g, ''), name.trim());
  const save = useChange({
    inForm: true,
    refresh: [
      ['folders', project],
      ['jobs', project],
    ],
    change: () =>
      kind === 'new'
        ? unwrap(client.POST(URL, { params: { path: { project } }, body: { path: to } }))
        : unwrap(
            client.PATCH(URL, {
              params: { path: { project }, query: { path } },
              body: { path: to },
            }),
          ),
    onDone: () => {
      onDone(to);
      onClose();
    },
  });
  return (
    <Modal
      open
      title={kind === 'new' ? t('newFolder') : t('changeFolderTitle', { path })}
      okText={kind === 'new' ? common('create') : common('save')}
      cancelText={common('cancel')}
      okButtonProps={{ disabled: name.trim() === '', loading: save.isPending }}
      onOk={() => save.mutate()}
      onCancel={onClose}
    >
      <Form layout="vertical" component="div">
        <FormFailure error={save.error} />
        <Form.Item label={common('name')} htmlFor="folder-name" required>
          <Input
            id="folder-name"
            autoFocus
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.target.value)}
            onPressEnter={() => {
              if (name.trim() !== '') save.mutate();
            }}
          />
        </Form.Item>
        <Form.Item label={t('folderAbove')} htmlFor="folder-above" extra={t('folderAboveHelp')}>
          <Input
            id="folder-above"
            className="code"
            value={above}
            onChange={(event) => setAbove(event.target.value)}
          />
        </Form.Item>
      </Form>
    </Modal>
  );
}
