//! Roles and rights: one table that says who may do what in a project.
//!
//! The table is the single source: the checks read it, and `docs/concepts/access.md` shows it.
//! Whether somebody is a member at all is known by the store, and whether an account administers the
//! instance by the account itself; an instance administrator has no right in a project by that alone.

use std::fmt;
use std::str::FromStr;

use sdk::{Error, Kind, Result, nearest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a member is in a project. Each role is a column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Role {
    /// Everything; a project always has one.
    Owner,
    /// Everything but deleting the project and naming owners.
    Administrator,
    /// Writes jobs and tries them out.
    Developer,
    /// Publishes jobs and keeps them running.
    Operator,
    /// Publishes what others wrote.
    Deployer,
    /// Looks on.
    Visitor,
}

/// Something that is allowed or not. Each right is a row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Right {
    ProjectView,
    ProjectSettings,
    ProjectDelete,
    MembersManage,
    ResourceGroupsManage,
    AccessKeysManage,
    AuditView,
    DatasourcesView,
    DatasourcesManage,
    DatasourcesUse,
    DatasourcesTest,
    DatasourcesBrowse,
    DatasourcesPreview,
    DatasourcesCreateTables,
    JobsView,
    JobsEdit,
    JobsPublish,
    FoldersEdit,
    RunsView,
    RunsTrial,
    RunsStart,
    RunsStop,
    RunsRerun,
    RunsMark,
    DirtyRowsView,
    DirtyRowsReplay,
    SchedulesView,
    SchedulesEdit,
    SchedulesSubmit,
    InstancesOperate,
    BackfillOperate,
    AlertsView,
    AlertsManage,
}

struct Row {
    right: Right,
    name: &'static str,
    meaning: &'static str,
    /// In the order of [`Role::ALL`].
    granted: [bool; Role::ALL.len()],
}

const fn row(
    right: Right,
    name: &'static str,
    meaning: &'static str,
    granted: [bool; Role::ALL.len()],
) -> Row {
    Row {
        right,
        name,
        meaning,
        granted,
    }
}

const Y: bool = true;
const N: bool = false;

#[rustfmt::skip]
const TABLE: [Row; 33] = {
    use Right::{
        AccessKeysManage, AlertsManage, AlertsView, AuditView, BackfillOperate, DatasourcesBrowse,
        DatasourcesCreateTables, DatasourcesManage, DatasourcesPreview, DatasourcesTest, DatasourcesUse, DatasourcesView,
        DirtyRowsReplay, DirtyRowsView, FoldersEdit, InstancesOperate, JobsEdit, JobsPublish, JobsView,
        MembersManage, ProjectDelete, ProjectSettings, ProjectView, ResourceGroupsManage, RunsMark,
        RunsRerun, RunsStart, RunsStop, RunsTrial, RunsView, SchedulesEdit, SchedulesSubmit, SchedulesView,
    };
    [
        // Columns: owner, administrator, developer, operator, deployer, visitor.
        row(ProjectView,          "projectView",          "see the project, its members, folders and resource groups",      [Y, Y, Y, Y, Y, Y]),
        row(ProjectSettings,      "projectSettings",      "change title, description, settings and address allow-list",     [Y, Y, N, N, N, N]),
        row(ProjectDelete,        "projectDelete",        "delete the project",                                             [Y, N, N, N, N, N]),
        row(MembersManage,        "membersManage",        "add and remove members and give them roles up to one's own",     [Y, Y, N, N, N, N]),
        row(ResourceGroupsManage, "resourceGroupsManage", "add, change and delete resource groups",                         [Y, Y, N, N, N, N]),
        row(AccessKeysManage,     "accessKeysManage",     "list and revoke the access keys of all members",                 [Y, Y, N, N, N, N]),
        row(AuditView,            "auditView",            "read the audit log of the project",                              [Y, Y, N, N, N, N]),

        row(DatasourcesView,      "datasourcesView",      "see names, connectors and states of data sources",               [Y, Y, Y, Y, Y, Y]),
        row(DatasourcesManage,    "datasourcesManage",    "add, change and delete data sources, and see their settings",    [Y, Y, N, N, N, N]),
        row(DatasourcesUse,       "datasourcesUse",       "name data sources in jobs",                                      [Y, Y, Y, N, N, N]),
        row(DatasourcesTest,      "datasourcesTest",      "test the connection of data sources",                            [Y, Y, Y, Y, N, N]),
        row(DatasourcesBrowse,    "datasourcesBrowse",    "list schemas, tables, columns and partitions, and see DDL",      [Y, Y, Y, Y, N, N]),
        row(DatasourcesPreview,   "datasourcesPreview",   "see rows of a table (cell values)",                              [Y, Y, Y, N, N, N]),
        row(DatasourcesCreateTables, "datasourcesCreateTables", "make new tables in data sources",                               [Y, Y, Y, N, N, N]),

        row(JobsView,             "jobsView",             "see jobs, their versions and differences",                       [Y, Y, Y, Y, Y, Y]),
        row(JobsEdit,             "jobsEdit",             "create, import, change, restore and delete jobs",                [Y, Y, Y, N, N, N]),
        row(JobsPublish,          "jobsPublish",          "publish a version of a job for production",                      [Y, Y, N, Y, Y, N]),
        row(FoldersEdit,          "foldersEdit",          "create, rename and delete folders and move jobs",                [Y, Y, Y, N, N, N]),

        row(RunsView,             "runsView",             "see runs, their reports, events and logs",                       [Y, Y, Y, Y, Y, Y]),
        row(RunsTrial,            "runsTrial",            "start and stop trial runs of drafts",                            [Y, Y, Y, N, N, N]),
        row(RunsStart,            "runsStart",            "start runs of published jobs",                                   [Y, Y, N, Y, N, N]),
        row(RunsStop,             "runsStop",             "stop runs of published jobs",                                    [Y, Y, N, Y, N, N]),
        row(RunsRerun,            "runsRerun",            "rerun and resume runs of published jobs",                        [Y, Y, N, Y, N, N]),
        row(RunsMark,             "runsMark",             "mark runs as succeeded",                                         [Y, Y, N, Y, N, N]),
        row(DirtyRowsView,        "dirtyRowsView",        "see and download dirty rows (cell values)",                      [Y, Y, Y, Y, N, N]),
        row(DirtyRowsReplay,      "dirtyRowsReplay",      "send mended dirty rows to the target",                           [Y, Y, N, Y, N, N]),

        row(SchedulesView,        "schedulesView",        "see schedules, instances and what they wait for",                [Y, Y, Y, Y, Y, Y]),
        row(SchedulesEdit,        "schedulesEdit",        "change the schedule of a job's draft",                           [Y, Y, Y, N, N, N]),
        row(SchedulesSubmit,      "schedulesSubmit",      "submit a schedule, so that it makes instances; change calendars",[Y, Y, N, Y, Y, N]),
        row(InstancesOperate,     "instancesOperate",     "freeze, rerun and mark instances; pause and resume schedules",   [Y, Y, N, Y, N, N]),
        row(BackfillOperate,      "backfillOperate",      "start, pause, resume and stop backfills",                        [Y, Y, N, Y, N, N]),

        row(AlertsView,           "alertsView",           "see alerts and alert rules",                                     [Y, Y, Y, Y, Y, Y]),
        row(AlertsManage,         "alertsManage",         "change alert rules and channels, and send tests",                [Y, Y, N, Y, N, N]),
    ]
};

// A row is found by the number of its right.
const _: () = {
    let mut number = 0;
    while number < TABLE.len() {
        assert!(TABLE[number].right as usize == number);
        number += 1;
    }
    assert!(TABLE.len() == Right::AlertsManage as usize + 1);
};

impl Right {
    /// Every right, in the order of the table.
    pub(crate) fn all() -> impl Iterator<Item = Right> {
        TABLE.iter().map(|row| row.right)
    }

    /// The word for it in documents, messages and the API.
    pub(crate) fn name(self) -> &'static str {
        TABLE[self as usize].name
    }

    /// What it allows: "may …".
    pub(crate) fn meaning(self) -> &'static str {
        TABLE[self as usize].meaning
    }
}

impl Role {
    /// Every role, in the order of the table's columns.
    pub(crate) const ALL: [Role; 6] = [
        Role::Owner,
        Role::Administrator,
        Role::Developer,
        Role::Operator,
        Role::Deployer,
        Role::Visitor,
    ];

    /// Whether the role has the right.
    pub(crate) fn grants(self, right: Right) -> bool {
        TABLE[right as usize].granted[self as usize]
    }

    /// The word for it in the store, in documents and in the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Administrator => "administrator",
            Role::Developer => "developer",
            Role::Operator => "operator",
            Role::Deployer => "deployer",
            Role::Visitor => "visitor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Role> {
        let names = || Role::ALL.iter().map(|role| role.name());
        if let Some(role) = Role::ALL.into_iter().find(|role| role.name() == text) {
            return Ok(role);
        }
        let error = Error::new(Kind::Config, format!("there is no role \"{text}\""));
        Err(match nearest(text, names()) {
            Some(name) => error.hint(format!("did you mean `{name}`?")),
            None => error.hint(format!(
                "the roles are {}",
                names().collect::<Vec<_>>().join(", ")
            )),
        })
    }
}

/// What somebody may do in a project, with every limit counted in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights(u64);

impl Rights {
    /// Those of a role.
    pub(crate) fn of(role: Role) -> Rights {
        let bits = Right::all().filter(|right| role.grants(*right));
        Rights(bits.fold(0, |bits, right| bits | 1 << right as u32))
    }

    /// Whether the right is among them.
    pub(crate) fn contains(self, right: Right) -> bool {
        self.0 & (1 << right as u32) != 0
    }

    /// Whether all rights of a role are among them.
    pub(crate) fn cover(self, role: Role) -> bool {
        Rights::of(role).0 & !self.0 == 0
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Right::all().filter(|right| self.contains(*right));
        f.debug_set().entries(names.map(Right::name)).finish()
    }
}

/// The rights that are left when several roles limit each other: that of the account itself, that of the
/// account whose sub-account it is, that of the access key it uses. `None` is "no member" and leaves none.
pub(crate) fn capped(roles: &[Option<Role>]) -> Rights {
    let rights = roles
        .iter()
        .map(|role| role.map_or(0, |role| Rights::of(role).0));
    Rights(rights.reduce(|left, right| left & right).unwrap_or(0))
}

/// What becomes of a membership: `None` before it is made and after it is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemberChange {
    pub(crate) from: Option<Role>,
    pub(crate) to: Option<Role>,
}

impl MemberChange {
    /// Whether somebody may make the change: who gives a role or takes it away must have all that it grants,
    /// so an administrator neither makes owners nor unmakes them.
    pub(crate) fn check_giver(self, giver: Rights) -> Result<()> {
        if !giver.contains(Right::MembersManage) {
            return Err(
                Error::new(Kind::Denied, "your role does not manage members")
                    .hint("ask an owner or administrator of the project to make the change"),
            );
        }
        let mut touched = [self.from, self.to].into_iter().flatten();
        match touched.find(|role| !giver.cover(*role)) {
            None => Ok(()),
            Some(role) => Err(Error::new(
                Kind::Denied,
                format!("the role `{role}` can be given and taken only by who has it"),
            )
            .hint("ask an owner of the project to make the change")),
        }
    }

    /// Whether a sub-account may have the role, given that of its parent in the same project.
    pub(crate) fn check_parent(self, parent: Option<Role>) -> Result<()> {
        match (self.to, parent) {
            (None, _) => Ok(()),
            (Some(role), Some(parent)) if Rights::of(parent).cover(role) => Ok(()),
            (Some(role), Some(parent)) => Err(Error::new(
                Kind::Denied,
                format!("a sub-account cannot be `{role}` while its parent is `{parent}`"),
            )
            .hint("give it a role with fewer rights, or raise its parent first")),
            (Some(_), None) => Err(Error::new(
                Kind::Denied,
                "the parent of this sub-account is not a member of the project",
            )
            .hint("make the parent a member first")),
        }
    }

    /// Whether an owner is left afterwards; `owner_count` counts those before the change.
    pub(crate) fn check_owner_stays(self, owner_count: u64) -> Result<()> {
        let leaves = self.from == Some(Role::Owner) && self.to != Some(Role::Owner);
        if leaves && owner_count <= 1 {
            return Err(Error::new(
                Kind::Conflict,
                "the last owner of a project cannot be removed",
            )
            .hint("make another member owner first"));
        }
        Ok(())
    }
}

/// The table as Markdown, which a test compares with the page for users.
#[cfg(test)]
pub(crate) fn markdown() -> String {
    let names = Role::ALL.map(Role::name).join(" | ");
    let mut text = format!("| right | may | {names} |\n| --- | --- |");
    text.push_str(&" :-: |".repeat(Role::ALL.len()));
    text.push('\n');
    for row in &TABLE {
        let marks = row.granted.map(|granted| if granted { "✓" } else { "" });
        text.push_str(&format!(
            "| `{}` | {} | {} |\n",
            row.name,
            row.meaning,
            marks.join(" | ")
        ));
    }
    text
}

#[cfg(test)]
mod tests;
