//! Tests of the table itself and of the rules about giving roles.

use super::*;

const GUIDE: &str = include_str!("../../../../../docs/concepts/access.md");

#[test]
fn the_guide_shows_the_table() {
    let (_, rest) = GUIDE
        .split_once("<!-- rights: the table in role.rs -->\n")
        .unwrap();
    let (shown, _) = rest.split_once("<!-- end of rights -->").unwrap();
    assert_eq!(
        shown,
        markdown(),
        "copy the table into docs/concepts/access.md"
    );
}

#[test]
fn every_right_has_its_own_name_and_someone_who_has_it() {
    let names: Vec<_> = Right::all().map(Right::name).collect();
    let mut unique = names.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), names.len());
    for right in Right::all() {
        // The words for a right are those of its variant.
        let variant = format!("{right:?}");
        assert!(variant[1..] == right.name()[1..] && variant.eq_ignore_ascii_case(right.name()));
        assert!(Role::Owner.grants(right), "{right:?}");
        assert!(!right.meaning().is_empty());
    }
}

#[test]
fn roles_are_nested_where_people_expect_it() {
    let covers = |big: Role, small: Role| Rights::of(big).cover(small);
    for role in Role::ALL {
        assert!(
            covers(Role::Owner, role) && covers(role, Role::Visitor),
            "{role}"
        );
        assert_eq!(covers(Role::Administrator, role), role != Role::Owner);
    }
    assert!(covers(Role::Operator, Role::Deployer));
    assert!(!covers(Role::Developer, Role::Operator) && !covers(Role::Operator, Role::Developer));
}

#[test]
fn the_sharp_edges_of_the_roles() {
    assert!(!Role::Developer.grants(Right::JobsPublish));
    assert!(!Role::Developer.grants(Right::SchedulesSubmit));
    assert!(!Role::Developer.grants(Right::DatasourcesManage));
    assert!(!Role::Operator.grants(Right::JobsEdit));
    assert!(!Role::Deployer.grants(Right::RunsStart));
    for role in [Role::Deployer, Role::Visitor] {
        for right in [Right::DatasourcesPreview, Right::DirtyRowsView] {
            assert!(!role.grants(right), "{role} must not see cell values");
        }
    }
    for right in Right::all().filter(|right| Role::Visitor.grants(*right)) {
        assert!(right.name().ends_with("View"), "{right:?}");
    }
}

#[test]
fn limits_leave_what_all_of_them_grant() {
    let both = capped(&[Some(Role::Developer), Some(Role::Operator)]);
    for right in Right::all() {
        let wanted = Role::Developer.grants(right) && Role::Operator.grants(right);
        assert_eq!(both.contains(right), wanted, "{right:?}");
    }
    assert_eq!(capped(&[Some(Role::Owner)]), Rights::of(Role::Owner));
    for none in [&[][..], &[None], &[Some(Role::Owner), None]] {
        let rights = capped(none);
        assert!(Right::all().all(|right| !rights.contains(right)));
        assert_eq!(format!("{rights:?}"), "{}");
    }
}

#[test]
fn roles_are_given_and_taken_by_who_has_them() {
    let change = |from, to| MemberChange { from, to };
    for giver in Role::ALL {
        for from in Role::ALL.map(Some).into_iter().chain([None]) {
            for to in Role::ALL.map(Some).into_iter().chain([None]) {
                let touches_owner = from == Some(Role::Owner) || to == Some(Role::Owner);
                let allowed = match giver {
                    Role::Owner => true,
                    Role::Administrator => !touches_owner,
                    _ => false,
                };
                let result = change(from, to).check_giver(Rights::of(giver));
                assert_eq!(result.is_ok(), allowed, "{giver}: {from:?} to {to:?}");
            }
        }
    }
    // An owner who uses a key of an administrator is an administrator.
    let limited = capped(&[Some(Role::Owner), Some(Role::Administrator)]);
    let promotion = change(None, Some(Role::Owner));
    let error = promotion.check_giver(limited).unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
    assert_eq!(
        error.message(),
        "the role `owner` can be given and taken only by who has it"
    );
}

#[test]
fn the_last_owner_stays() {
    let owner = Some(Role::Owner);
    for to in [None, Some(Role::Administrator)] {
        let change = MemberChange { from: owner, to };
        assert_eq!(
            change.check_owner_stays(1).unwrap_err().kind(),
            Kind::Conflict
        );
        assert!(change.check_owner_stays(2).is_ok());
    }
    for (from, to) in [(owner, owner), (None, owner), (Some(Role::Visitor), None)] {
        assert!(MemberChange { from, to }.check_owner_stays(1).is_ok());
    }
}

#[test]
fn a_sub_account_stays_below_its_parent() {
    let give = |role| MemberChange {
        from: None,
        to: Some(role),
    };
    assert!(
        give(Role::Developer)
            .check_parent(Some(Role::Administrator))
            .is_ok()
    );
    assert!(
        give(Role::Operator)
            .check_parent(Some(Role::Operator))
            .is_ok()
    );
    assert!(
        give(Role::Operator)
            .check_parent(Some(Role::Developer))
            .is_err()
    );
    assert!(give(Role::Visitor).check_parent(None).is_err());
    let ending = MemberChange {
        from: Some(Role::Owner),
        to: None,
    };
    assert!(ending.check_parent(None).is_ok());
}

#[test]
fn names_go_both_ways() {
    for role in Role::ALL {
        assert_eq!(role.name().parse::<Role>().unwrap(), role);
        assert_eq!(serde_json::to_value(role).unwrap(), role.name());
    }
    let error = "administrater".parse::<Role>().unwrap_err();
    assert_eq!(error.hint_text(), Some("did you mean `administrator`?"));
}
