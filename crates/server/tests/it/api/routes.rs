//! Every route of the API against every role.

use serde_json::{Value, json};

use crate::api::datasources::Place;
use crate::client::Client;
use crate::harness::{Kept, Running};
use crate::workshop::{Workshop, counting};

const ROLES: [&str; 6] = [
    "owner",
    "administrator",
    "developer",
    "operator",
    "deployer",
    "visitor",
];

struct Route {
    method: String,
    path: String,
    needs: String,
}

fn routes() -> Vec<Route> {
    let api = server::openapi();
    let mut routes = Vec::new();
    for (path, operations) in api["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let needs = operation["x-right"].as_str();
            routes.push(Route {
                method: method.to_uppercase(),
                path: path.clone(),
                needs: needs
                    .unwrap_or_else(|| panic!("{method} {path} does not say what it needs"))
                    .to_string(),
            });
        }
    }
    assert!(routes.len() > 30);
    routes
}

/// What each route needs, written by hand.
const WRITTEN: &str = include_str!("routes.txt");

#[test]
fn every_route_needs_what_is_written_down_for_it() {
    let written = WRITTEN.lines().filter(|line| !line.starts_with('#'));
    let mut written: Vec<&str> = written.collect();
    let mut told: Vec<String> = routes()
        .iter()
        .map(|route| {
            let path = route.path.trim_start_matches("/api/v1");
            format!("{} {path} {}", route.method, route.needs)
        })
        .collect();
    written.sort_unstable();
    told.sort_unstable();
    assert_eq!(written, told);
}

/// The rights of the roles, as the page for users shows them.
fn granted() -> Vec<(String, Vec<bool>)> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/concepts/access.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<_> = rows
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let marks = cells[3..9].iter().map(|cell| !cell.is_empty()).collect();
            (cells[1].trim_matches('`').to_string(), marks)
        })
        .collect();
    assert!(rows.len() > 30);
    rows
}

/// Calls a route on things that do not exist, as an editor who saw a revision that never was.
async fn call(client: &Client, route: &Route, project: &str) -> (u16, Value) {
    let nobody = "00000000-0000-7000-8000-000000000000";
    let mut path = route.path.replace("{project}", project);
    while let Some((before, rest)) = path.clone().split_once('{') {
        let (_, after) = rest.split_once('}').unwrap();
        path = format!("{before}{nobody}{after}");
    }
    let body = (route.method != "GET").then(|| json!({}));
    let answer = client.edit(&route.method, &path, "\"999\"", body).await;
    assert!(
        answer.status < 500,
        "{} {path}: {}",
        route.method,
        answer.body
    );
    (answer.status, answer.body)
}

#[tokio::test]
async fn nobody_gets_in_without_signing_in_but_where_everybody_may() {
    let (server, _admin) = Running::start(Kept::Sqlite).await;
    let client = server.client();
    for route in routes() {
        let (status, body) = call(&client, &route, "x").await;
        let closed = status == 401
            && body["error"]["message"]
                .as_str()
                .unwrap()
                .contains("signed in");
        assert_eq!(
            closed,
            route.needs != "public",
            "{} {}: {body}",
            route.method,
            route.path
        );
    }
}

#[tokio::test]
async fn every_role_may_do_what_the_table_says_and_nothing_else() {
    let (server, admin) = Running::start(Kept::Sqlite).await;
    let shop = Workshop::new(&admin, "sales").await;
    let project = shop.path.rsplit('/').next().unwrap();
    let table = granted();
    for (column, role) in ROLES.into_iter().enumerate() {
        let member = server.account(&admin, role).await;
        let put = format!("{}/members/{role}", shop.path);
        assert_eq!(admin.put(&put, json!({"role": role})).await.status, 204);
        // Who signs out has no roles any more.
        let stays = |route: &Route| (&*route.method, &*route.path) != ("DELETE", "/api/v1/session");
        for route in routes().into_iter().filter(stays) {
            let (status, body) = call(&member, &route, project).await;
            let what = format!("{role}: {} {} is {status} {body}", route.method, route.path);
            match route.needs.as_str() {
                "public" | "signedIn" => assert_ne!(status, 401, "{what}"),
                "administrator" | "metrics" => assert_eq!(status, 403, "{what}"),
                right => {
                    let row = table.iter().find(|(name, _)| name == right);
                    let may = row.unwrap_or_else(|| panic!("{right}")).1[column];
                    assert_eq!(status != 403, may, "{what}");
                }
            }
        }
    }
}

/// Whether the table gives a right to a role.
fn may(right: &str, role: &str) -> bool {
    let table = granted();
    let (_, row) = table.iter().find(|(name, _)| name == right).unwrap();
    row[ROLES.iter().position(|name| *name == role).unwrap()]
}

/// Where the right depends on what is there, the answer is that for the thing itself.
#[tokio::test]
async fn runs_and_members_are_changed_by_those_whom_the_table_names() {
    let (server, admin) = Running::start_with(Kept::Sqlite, |config| config.slots = 0).await;
    let shop = Workshop::new(&admin, "sales").await;
    let job = shop.job("count", &counting(1, &json!({}))).await;
    server.account(&admin, "somebody").await;
    for role in ROLES {
        let member = server.account(&admin, role).await;
        let put = format!("{}/members/{role}", shop.path);
        assert_eq!(admin.put(&put, json!({"role": role})).await.status, 204);
        let allowed = |status: u16, right: &str, what: &str| {
            let expected = if may(right, role) { 200..300 } else { 403..404 };
            assert!(expected.contains(&status), "{role}, {what}: {status}");
            may(right, role)
        };
        for (kind, [start, stop, again]) in [
            ("manual", ["runsStart", "runsStop", "runsRerun"]),
            ("trial", ["runsTrial"; 3]),
        ] {
            let path = format!("{}/jobs/{job}/runs", shop.path);
            let body = json!({"kind": kind});
            let started = member.post(&path, body.clone()).await;
            allowed(started.status, start, &format!("start {kind}"));
            let run = shop.run(&job, body).await;
            let act = async |client: &Client, verb: &str| {
                let path = format!("{run}/{verb}");
                client.post(&path, json!({})).await.status
            };
            let status = act(&member, "stop").await;
            if !allowed(status, stop, &format!("stop {kind}")) {
                assert_eq!(act(&admin, "stop").await, 202);
            }
            let status = act(&member, "rerun").await;
            allowed(status, again, &format!("rerun {kind}"));
            let status = act(&member, "resume").await;
            if allowed(status, again, &format!("resume {kind}")) {
                assert_eq!(act(&admin, "stop").await, 202);
            }
            let status = act(&member, "mark-succeeded").await;
            allowed(status, "runsMark", &format!("mark {kind}"));
        }
        let somebody = format!("{}/members/somebody", shop.path);
        let put = member.put(&somebody, json!({"role": "visitor"})).await;
        if !allowed(put.status, "membersManage", "put a member") {
            let put = admin.put(&somebody, json!({"role": "visitor"})).await;
            assert_eq!(put.status, 204);
        }
        let removed = member.delete(&somebody).await;
        allowed(removed.status, "membersManage", "remove a member");
    }
}

/// Whoever may do everything in two projects reaches the things of each through their own project only.
#[tokio::test]
async fn the_ids_of_another_project_are_as_good_as_none() {
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        let shop = Workshop {
            owner: place.admin.clone(),
            path: place.project.clone(),
        };
        let admin = &place.admin;
        let of = |body: Value| body["id"].as_str().unwrap().to_string();
        let make = async |what: &str, body: Value| {
            let path = format!("{}/{what}", shop.path);
            of(admin.post(&path, body).await.ok())
        };
        let job = shop.job("count", &counting(1, &json!({}))).await;
        let schedule = format!("{}/jobs/{job}/schedule", shop.path);
        let rule = json!({"cycle": {"kind": "day", "at": "10:30"}, "zone": "UTC", "generation": "immediately"});
        let put = admin.put(&schedule, rule.clone()).await;
        let submit = format!("{schedule}/submit");
        admin.edit("POST", &submit, &put.etag(), None).await.ok();
        let instances = format!("{}/instances", shop.path);
        let instances = shop
            .until(&instances, |seen| seen["items"][0].is_object())
            .await;
        let run = shop.run(&job, json!({})).await;
        shop.ended(&run).await;
        let days = json!({"jobs": [job], "from": "2026-03-01", "to": "2026-03-01"});
        let hook = json!({"name": "hook", "kind": "webhook", "config": {
            "url": "https://hooks.example.org/x", "secret": "hunter2-0123456789"}});
        let channel = make("alert-channels", hook).await;
        let alert = json!({"name": "night", "object": {"kind": "project"},
            "triggers": [{"kind": "failed"}], "channels": [channel]});
        let project_id = shop.path.rsplit('/').next().unwrap();
        let key = json!({"projectId": project_id});
        let key = of(admin.post("/api/v1/access-keys", key).await.ok());
        let calendars = format!("{}/calendars", shop.path);
        admin
            .post(&calendars, json!({"name": "holidays"}))
            .await
            .ok();
        let group = json!({"name": "near"});
        let groups = format!("{}/resource-groups", shop.path);
        admin.post(&groups, group).await.ok();
        let ids = [
            ("{job}", job.clone()),
            ("{run}", run.rsplit('/').next().unwrap().to_string()),
            ("{instance}", of(instances["items"][0].clone())),
            ("{backfill}", make("backfills", days).await),
            ("{channel}", channel.clone()),
            ("{rule}", make("alert-rules", alert.clone()).await),
            (
                "{datasource}",
                make("datasources", json!({"name": "a", "connector": "stream"})).await,
            ),
            ("{calendar}", "holidays".to_string()),
            ("{group}", "near".to_string()),
            ("{key}", key),
            ("{number}", "1".to_string()),
        ];
        let other = Workshop::new(admin, "other").await;
        let at = |route: &Route, project: &str, nobody: Option<&str>| {
            let path = route.path.replace("/api/v1/projects/{project}", project);
            ids.iter().fold(path, |path, (name, id)| {
                path.replace(name, nobody.unwrap_or(id))
            })
        };
        let body = |route: &Route| match route.path.rsplit('/').next().unwrap() {
            "schedule" => rule.clone(),
            "dependencies" => json!({"dependencies": []}),
            "pause" => json!({"reason": "because"}),
            "{rule}" => alert.clone(),
            "tables" => json!({"statement": "CREATE TABLE a (id bigint)"}),
            "draft" => json!({"table": "a", "columns": []}),
            _ => json!({}),
        };
        let is_one = |route: &Route| {
            let rest = route.path.split_once("{project}/").map(|(_, rest)| rest);
            rest.is_some_and(|rest| rest.contains('{') && !rest.contains("{account}"))
        };
        let mut walked = 0;
        for route in routes().iter().filter(|route| is_one(route)) {
            let method = &*route.method;
            let call = async |path: String| {
                let body = (method != "GET").then(|| body(route));
                admin.edit(method, &path, "\"999\"", body).await
            };
            let foreign = call(at(route, &other.path, None)).await;
            let what = format!("{method} {} is {foreign:?}", route.path);
            // What is asked for wrongly is refused before anything is looked for; then both answers are one.
            if foreign.status != 404 {
                let none = call(at(route, &other.path, Some("none"))).await;
                assert_eq!(
                    (foreign.status, &foreign.body),
                    (none.status, &none.body),
                    "{what}"
                );
                assert!([400, 422].contains(&foreign.status), "{what}");
            }
            walked += usize::from(foreign.status == 404);
            if method == "GET" && foreign.status == 404 {
                let own = call(at(route, &shop.path, None)).await;
                assert_ne!(own.status, 404, "{} {}", route.path, own.body);
            }
        }
        assert!(walked > 45, "{walked}");
        // Nothing has happened to any of them.
        let audit = admin.get(&format!("{}/audit", other.path)).await.ok();
        assert_eq!(audit["items"], json!([]));
    }
}

#[tokio::test]
async fn a_stranger_finds_no_project() {
    let (server, admin) = Running::start(Kept::Sqlite).await;
    let shop = Workshop::new(&admin, "sales").await;
    let project = shop.path.rsplit('/').next().unwrap();
    let stranger = server.account(&admin, "stranger").await;
    for route in routes()
        .iter()
        .filter(|route| route.path.contains("{project}"))
    {
        let (status, body) = call(&stranger, route, project).await;
        let what = format!("{} {} is {status} {body}", route.method, route.path);
        // The body of a membership is read before the project is looked for.
        assert!(
            status == 404 || (route.needs == "signedIn" && status == 422),
            "{what}"
        );
    }
}
