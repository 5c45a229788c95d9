//! Every route of the API against every role.

use serde_json::{Value, json};

use crate::client::Client;
use crate::harness::{Kept, Running};
use crate::workshop::Workshop;

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
