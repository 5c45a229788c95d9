//! Which operation a request asks for.
//!
//! REST and Tunnel share paths; a request to a table or an instance belongs to Tunnel if its query says so.

use std::collections::BTreeMap;

use hyper::Method;

use super::reply::{Failure, Service};
use crate::names::{identifier, qualified};

/// Everything this server does, also the unit of counting and of fault injection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    ListProjects,
    GetProject,
    FindTunnel,
    ListTables,
    GetTable,
    ExtendTable,
    ListPartitions,
    GetPartition,
    SubmitJob,
    GetJob,
    GetJobTasks,
    GetJobResult,
    GetJobSource,
    StopJob,
    WriteLog,
    CreateUpload,
    LoadUpload,
    WriteBlock,
    CommitUpload,
    CreateDownload,
    LoadDownload,
    ReadRows,
    CreateStream,
    LoadStream,
    WriteStream,
    AbortStream,
    Preview,
    Head,
    Other,
}

impl Operation {
    pub(crate) const ALL: [Self; 29] = [
        Self::ListProjects,
        Self::GetProject,
        Self::FindTunnel,
        Self::ListTables,
        Self::GetTable,
        Self::ExtendTable,
        Self::ListPartitions,
        Self::GetPartition,
        Self::SubmitJob,
        Self::GetJob,
        Self::GetJobTasks,
        Self::GetJobResult,
        Self::GetJobSource,
        Self::StopJob,
        Self::WriteLog,
        Self::CreateUpload,
        Self::LoadUpload,
        Self::WriteBlock,
        Self::CommitUpload,
        Self::CreateDownload,
        Self::LoadDownload,
        Self::ReadRows,
        Self::CreateStream,
        Self::LoadStream,
        Self::WriteStream,
        Self::AbortStream,
        Self::Preview,
        Self::Head,
        Self::Other,
    ];

    /// The name in fault rules and statistics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ListProjects => "GET projects",
            Self::GetProject => "GET project",
            Self::FindTunnel => "GET tunnel",
            Self::ListTables => "GET tables",
            Self::GetTable => "GET table",
            Self::ExtendTable => "GET table extended",
            Self::ListPartitions => "GET partitions",
            Self::GetPartition => "GET partition",
            Self::SubmitJob => "POST instance",
            Self::GetJob => "GET instance",
            Self::GetJobTasks => "GET instance tasks",
            Self::GetJobResult => "GET instance result",
            Self::GetJobSource => "GET instance source",
            Self::StopJob => "PUT instance",
            Self::WriteLog => "PUT logs",
            Self::CreateUpload => "POST upload",
            Self::LoadUpload => "GET upload",
            Self::WriteBlock => "PUT block",
            Self::CommitUpload => "POST commit",
            Self::CreateDownload => "POST download",
            Self::LoadDownload => "GET download",
            Self::ReadRows => "GET data",
            Self::CreateStream => "POST stream",
            Self::LoadStream => "GET stream",
            Self::WriteStream => "PUT stream",
            Self::AbortStream => "POST stream abort",
            Self::Preview => "GET preview",
            Self::Head => "GET head",
            Self::Other => "other",
        }
    }

    pub(crate) fn service(self) -> Service {
        match self {
            Self::CreateUpload
            | Self::LoadUpload
            | Self::WriteBlock
            | Self::CommitUpload
            | Self::CreateDownload
            | Self::LoadDownload
            | Self::ReadRows
            | Self::CreateStream
            | Self::LoadStream
            | Self::WriteStream
            | Self::AbortStream
            | Self::Preview => Service::Tunnel,
            _ => Service::Rest,
        }
    }

    /// Whether the request carries rows.
    pub(crate) fn is_row_upload(self) -> bool {
        matches!(self, Self::WriteBlock | Self::WriteStream)
    }
}

/// What the path of a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resource {
    Projects,
    Project,
    TunnelAddress,
    Logs,
    Tables,
    Table(String),
    Stream(String),
    Preview(String),
    Instances,
    Instance(String),
    Unknown,
}

/// A path, taken apart.
#[derive(Debug)]
pub(crate) struct Target {
    /// The project in lower case, empty for paths outside of one.
    pub(crate) project: String,
    /// The schema in lower case, if the path names one.
    pub(crate) schema: Option<String>,
    pub(crate) resource: Resource,
}

/// The path below the base URL: a leading `/api` is the base unless a service that has it in its own paths follows.
pub(crate) fn without_base(path_and_query: &str) -> &str {
    let Some(rest) = path_and_query.strip_prefix("/api") else {
        return path_and_query;
    };
    let next = rest.strip_prefix('/').unwrap_or(rest);
    let segment = next.split(['/', '?']).next().unwrap_or_default();
    if !(rest.is_empty() || rest.starts_with('/')) || segment == "storage" || segment == "catalog" {
        return path_and_query;
    }
    rest
}

/// Takes a path apart. Names that cannot exist make the target unknown, so they never reach the store.
pub(crate) fn locate(path: &str) -> Result<Target, Failure> {
    let mut segments = Vec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        segments.push(percent_decode(segment).unwrap_or_default());
    }
    let texts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let outside = |resource| Target {
        project: String::new(),
        schema: None,
        resource,
    };
    let (project, rest) = match texts.as_slice() {
        ["projects"] => return Ok(outside(Resource::Projects)),
        ["projects", project, rest @ ..] => (*project, rest),
        _ => return Ok(outside(Resource::Unknown)),
    };
    let Some(project) = identifier(project) else {
        return Err(Failure::not_found(
            "NoSuchProject",
            "the project does not exist",
        ));
    };
    let (schema, rest) = match rest {
        ["schemas", schema, inner @ ..] => (Some(schema.to_lowercase()), inner),
        _ => (None, rest),
    };
    let resource = match rest {
        [] => Resource::Project,
        ["tunnel"] => Resource::TunnelAddress,
        ["logs"] => Resource::Logs,
        ["tables"] => Resource::Tables,
        ["tables", table] => Resource::Table((*table).to_owned()),
        ["tables", table, "streams"] => Resource::Stream((*table).to_owned()),
        ["tables", table, "preview"] => Resource::Preview((*table).to_owned()),
        ["instances"] => Resource::Instances,
        ["instances", id] => Resource::Instance((*id).to_owned()),
        _ => Resource::Unknown,
    };
    Ok(Target {
        project,
        schema,
        resource: checked(resource)?,
    })
}

fn checked(resource: Resource) -> Result<Resource, Failure> {
    let lower = |name: &str| {
        identifier(name).ok_or_else(|| {
            Failure::not_found(
                "NoSuchTable",
                format!("ODPS-0130131:Table not found - table {name:?} cannot be resolved"),
            )
        })
    };
    Ok(match resource {
        Resource::Table(name) => Resource::Table(lower(&name)?),
        Resource::Stream(name) => Resource::Stream(lower(&name)?),
        Resource::Preview(name) => Resource::Preview(lower(&name)?),
        other => other,
    })
}

impl Resource {
    /// The resource in a schema of its project.
    pub(crate) fn within(self, schema: Option<&str>) -> Self {
        let within = |name: String| qualified(schema, &name);
        match self {
            Self::Table(name) => Self::Table(within(name)),
            Self::Stream(name) => Self::Stream(within(name)),
            Self::Preview(name) => Self::Preview(within(name)),
            other => other,
        }
    }
}

pub(crate) fn no_such_schema(schema: &str) -> Failure {
    Failure::not_found(
        "NoSuchSchema",
        format!("the schema {schema:?} does not exist"),
    )
}

/// The operation of a request, from its method, its target and its parameters.
pub(crate) fn operation(
    method: &Method,
    resource: &Resource,
    parameters: &BTreeMap<String, String>,
) -> Option<Operation> {
    let has = |name| parameters.contains_key(name);
    let verb = method.as_str();
    let found = match (verb, resource) {
        ("GET", Resource::Projects) => Operation::ListProjects,
        ("GET", Resource::Project) => Operation::GetProject,
        ("GET", Resource::TunnelAddress) => Operation::FindTunnel,
        ("PUT", Resource::Logs) => Operation::WriteLog,
        ("GET", Resource::Tables) => Operation::ListTables,
        ("POST", Resource::Table(_)) if has("uploads") => Operation::CreateUpload,
        ("POST", Resource::Table(_)) if has("uploadid") => Operation::CommitUpload,
        ("PUT", Resource::Table(_)) if has("uploadid") => Operation::WriteBlock,
        ("GET", Resource::Table(_)) if has("uploadid") => Operation::LoadUpload,
        ("POST", Resource::Table(_) | Resource::Instance(_)) if has("downloads") => {
            Operation::CreateDownload
        }
        ("GET", Resource::Table(_) | Resource::Instance(_)) if has("downloadid") => {
            if has("data") {
                Operation::ReadRows
            } else {
                Operation::LoadDownload
            }
        }
        ("GET", Resource::Table(_)) if has("data") => Operation::Head,
        ("GET", Resource::Table(_)) if has("partitions") => Operation::ListPartitions,
        ("GET", Resource::Table(_)) if has("partition") => Operation::GetPartition,
        ("GET", Resource::Table(_)) if has("extended") => Operation::ExtendTable,
        ("GET", Resource::Table(_)) => Operation::GetTable,
        ("POST", Resource::Instances) => Operation::SubmitJob,
        ("GET", Resource::Instance(_)) if has("taskstatus") => Operation::GetJobTasks,
        ("GET", Resource::Instance(_)) if has("result") => Operation::GetJobResult,
        ("GET", Resource::Instance(_)) if has("source") => Operation::GetJobSource,
        ("GET", Resource::Instance(_)) => Operation::GetJob,
        ("PUT", Resource::Instance(_)) => Operation::StopJob,
        ("GET", Resource::Stream(_)) => Operation::LoadStream,
        ("PUT", Resource::Stream(_)) => Operation::WriteStream,
        ("POST", Resource::Stream(_)) if has("uploadid") => Operation::AbortStream,
        ("POST", Resource::Stream(_)) => Operation::CreateStream,
        ("GET", Resource::Preview(_)) => Operation::Preview,
        _ => return None,
    };
    Some(found)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = tail.get(..2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{Resource, locate, without_base};

    #[test]
    fn the_base_is_taken_off() {
        assert_eq!(without_base("/api/projects/p?x"), "/projects/p?x");
        assert_eq!(without_base("/projects/p"), "/projects/p");
        assert_eq!(without_base("/api/storage/v1/x"), "/api/storage/v1/x");
        assert_eq!(without_base("/apis"), "/apis");
        assert_eq!(without_base("/api"), "");
    }

    #[test]
    fn both_path_forms_name_the_same_table() {
        for path in [
            "/projects/P/tables/T1",
            "/projects/p/schemas/Default/tables/t1",
            "/projects/p/tables/%741/",
        ] {
            let target = locate(path).expect(path);
            assert_eq!(target.project, "p");
            assert!(target.schema.is_none_or(|schema| schema == "default"));
            assert_eq!(target.resource, Resource::Table("t1".to_owned()));
        }
    }

    #[test]
    fn hostile_names_do_not_exist() {
        for path in [
            "/projects/..%2f..%2fetc/tables/t",
            "/projects/p/tables/..",
            "/projects/p/tables/%2e%2e%2fx",
            "/projects/p/tables/a%00b",
            "/projects/p/tables/%zz",
            "/projects/p/tables/%",
        ] {
            assert!(locate(path).is_err(), "{path}");
        }
    }
}
