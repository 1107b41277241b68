//! Users, sessions, links for one use, second factors, tokens, tries and the audit log.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use fieldpost_model::access::Access;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Acceptance, ApiToken, AuditEntry, AuditQuery, CHANGED_CREDENTIALS, InvitationKind, LAST_OWNER,
    MOST_SESSIONS, MOST_TOKENS, MemberChange, NewSession, NewUser, SIGN_IN_REFUSED, StoreError,
    TAKEN_EMAIL, TOO_MANY_TOKENS, Tried, USED_INVITATION, UserChange, Who, clock,
};
use futures_util::future::join_all;
use rstest::rstest;
use uuid::Uuid;

use crate::support::{Engine, LONG, PROJECT, TestStore, first, now};

const IDLE: Duration = Duration::from_hours(24);
const WINDOW: Duration = Duration::from_mins(15);

fn new_user(email: &str) -> NewUser {
    NewUser {
        id: Uuid::now_v7(),
        email: email.to_owned(),
        email_key: email.to_lowercase(),
        name: "Amina".to_owned(),
        installation_admin: false,
        projects: vec![(PROJECT.into(), Access::Editor)],
    }
}

fn new_session(number: u8, account: Option<Uuid>) -> NewSession {
    NewSession {
        digest: [number; 32],
        id: Uuid::now_v7(),
        account,
        generation: 0,
        proof: account.is_none().then_some([9; 32]),
        lasts: LONG,
        address: Some("192.0.2.1".to_owned()),
        agent: Some("a browser".repeat(100)),
    }
}

fn acceptance(digest: u8, account: Uuid, owner: Option<NewUser>) -> Acceptance {
    Acceptance {
        digest: [digest; 32],
        account,
        first_owner: owner,
        name: None,
        language: Some("fr".to_owned()),
        password: "a digest".to_owned(),
        drops_second_factor: false,
        session: new_session(digest, Some(account)),
    }
}

async fn user(store: &TestStore, email: &str) -> Uuid {
    let user = new_user(email);
    store.create_user(&user).await.unwrap();
    user.id
}

#[rstest]
#[tokio::test]
async fn an_address_has_one_account(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    assert_eq!(store.has_users().await, Ok(false));
    let id = user(&store, "Amina@example.org").await;
    assert_eq!(store.has_users().await, Ok(true));
    let again = store.create_user(&new_user("amina@EXAMPLE.org")).await;
    assert_eq!(again, Err(StoreError::Conflict(TAKEN_EMAIL.to_owned())));
    let found = store.user_by_email("amina@example.org").await.unwrap().unwrap();
    assert_eq!((found.id, found.email.as_str()), (id, "Amina@example.org"));
    assert!(!found.has_password && !found.second_factor && !found.disabled);
    assert_eq!(store.users().await.unwrap(), [found]);
    let memberships = store.memberships(id).await.unwrap();
    assert_eq!((memberships.len(), memberships[0].access), (1, Access::Editor));
    assert_eq!(store.all_memberships().await.unwrap(), memberships);
    assert_eq!(store.delete_user(id).await, Ok(true));
    assert_eq!(store.user(id).await, Ok(None));
}

#[rstest]
#[tokio::test]
async fn a_session_lasts_until_somebody_or_time_ends_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let id = user(&store, "amina@example.org").await;
    for number in 1..=3 {
        store.begin_session(&new_session(number, Some(id)), IDLE).await.unwrap();
    }
    store.begin_session(&new_session(4, None), IDLE).await.unwrap();
    let (session, whose) = store.session([1; 32], IDLE).await.unwrap().unwrap();
    assert_eq!(whose.map(|user| user.id), Some(id));
    assert_eq!(session.agent.map(|agent| agent.len()), Some(200));
    let (session, whose) = store.session([4; 32], IDLE).await.unwrap().unwrap();
    assert_eq!((whose, session.proof), (None, Some(vec![9; 32])));
    assert_eq!(store.session([5; 32], IDLE).await, Ok(None));
    assert_eq!(store.sessions(Some(id), IDLE).await.unwrap().len(), 3);
    assert_eq!(store.sessions(None, IDLE).await.unwrap().len(), 1);
    // Nobody ends what is somebody else's.
    let of_administrator = session.id;
    assert_eq!(store.end_session_called(Some(id), of_administrator).await, Ok(false));
    assert_eq!(store.end_session_called(None, of_administrator).await, Ok(true));
    store.end_session([1; 32]).await.unwrap();
    assert_eq!(store.session([1; 32], IDLE).await, Ok(None));
    let change = UserChange { disabled: Some(true), ..UserChange::default() };
    store.change_user(id, change).await.unwrap();
    assert_eq!(store.session([2; 32], IDLE).await, Ok(None));
    let change = UserChange { disabled: Some(false), ..UserChange::default() };
    store.change_user(id, change).await.unwrap();
    assert_eq!(store.session([2; 32], IDLE).await, Ok(None), "it does not come back");
    store.begin_session(&new_session(6, Some(id)), IDLE).await.unwrap();
    store.begin_session(&new_session(7, Some(id)), IDLE).await.unwrap();
    store.change_password(id, "another digest", &new_session(10, Some(id))).await.unwrap();
    assert_eq!(store.end_sessions(Some(id)).await, Ok(1), "that which began with it");
    let changed = Err(StoreError::Conflict(CHANGED_CREDENTIALS.to_owned()));
    let late = NewSession { generation: 0, ..new_session(11, Some(id)) };
    assert_eq!(
        store.begin_session(&late, IDLE).await,
        changed,
        "begun with the password of before"
    );
    assert_eq!(store.change_password(id, "a third", &late).await, changed);
    let new_session =
        |number, account| NewSession { generation: 1, ..new_session(number, account) };
    // The clock of the test cannot be turned on both engines: the times of a row can.
    store.begin_session(&new_session(8, Some(id)), IDLE).await.unwrap();
    store.execute("UPDATE sessions SET seen_at = seen_at - 86400000000").await;
    assert_eq!(store.session([8; 32], IDLE).await, Ok(None), "nobody has used it");
    store.begin_session(&new_session(9, Some(id)), IDLE).await.unwrap();
    store.execute("UPDATE sessions SET seen_at = seen_at - 61000000").await;
    let (before, _) = store.session([9; 32], IDLE).await.unwrap().unwrap();
    let (after, _) = store.session([9; 32], IDLE).await.unwrap().unwrap();
    assert!(after.seen_at.since(before.seen_at) >= Duration::from_secs(61), "it was noted");
    store.execute("UPDATE sessions SET ends_at = seen_at").await;
    assert_eq!(store.session([9; 32], IDLE).await, Ok(None), "it has lasted long enough");
}

#[rstest]
#[tokio::test]
async fn of_many_who_use_a_link_one_does(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    for number in 1..=9 {
        store.add_first_owner_link([number; 32], LONG).await.unwrap();
    }
    assert_eq!(store.invitation([1; 32]).await, Ok(None), "eight at the most are good");
    let found = store.invitation([9; 32]).await.unwrap().unwrap();
    assert_eq!((found.kind, found.user), (InvitationKind::FirstOwner, None));
    let owners: Vec<Acceptance> = (2..=9)
        .map(|number| {
            let owner = new_user(&format!("owner-{number}@example.org"));
            acceptance(number, owner.id, Some(owner))
        })
        .collect();
    let ends = join_all(owners.iter().map(|owner| store.accept_invitation(owner))).await;
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1, "{ends:?}");
    assert_eq!(store.users().await.unwrap().len(), 1);
    let id = store.users().await.unwrap()[0].id;
    store.invite(id, InvitationKind::Reset, [20; 32], LONG, false).await.unwrap();
    store.invite(id, InvitationKind::Reset, [21; 32], LONG, false).await.unwrap();
    assert_eq!(store.invitation([20; 32]).await, Ok(None), "replaced");
    let mut used = acceptance(21, id, None);
    used.session.generation = 1;
    store.accept_invitation(&used).await.unwrap();
    let conflict = Err(StoreError::Conflict(USED_INVITATION.to_owned()));
    assert_eq!(store.accept_invitation(&used).await, conflict);
    let (_, whose) = store.session([21; 32], IDLE).await.unwrap().unwrap();
    let whose = whose.unwrap();
    assert_eq!((whose.language.as_deref(), whose.has_password), (Some("fr"), true));
    assert_eq!(store.sessions(Some(id), IDLE).await.unwrap().len(), 1, "the others have ended");
    store.invite(id, InvitationKind::Reset, [22; 32], LONG, false).await.unwrap();
    store.execute("UPDATE invitations SET expires_at = made_at").await;
    assert_eq!(store.invitation([22; 32]).await, Ok(None), "expired");
    assert_eq!(store.accept_invitation(&acceptance(22, id, None)).await, conflict);
    // Where nobody is left, it begins anew.
    store.delete_user(id).await.unwrap();
    store.add_first_owner_link([23; 32], LONG).await.unwrap();
    let owner = new_user("again@example.org");
    store.accept_invitation(&acceptance(23, owner.id, Some(owner))).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn each_code_of_a_second_factor_is_taken_once(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let id = user(&store, "amina@example.org").await;
    assert_eq!(store.second_factor(id).await, Ok(None));
    let secret = Secret::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_eq!(store.begin_second_factor(id, &Secret::new("another")).await, Ok(true));
    assert_eq!(store.begin_second_factor(id, &secret).await, Ok(true));
    assert_eq!(store.take_step(id, 5).await, Ok(false), "it is not confirmed");
    assert!(!store.user(id).await.unwrap().unwrap().second_factor);
    let begun = store.second_factor(id).await.unwrap().unwrap();
    assert_eq!(store.begin_second_factor(id, &secret).await, Ok(true));
    let codes = [[1; 32], [2; 32]];
    let confirmed = store.confirm_second_factor(id, &begun, 5, &codes).await;
    assert_eq!(confirmed, Ok(false), "it was begun anew, and shown to somebody else perhaps");
    assert_eq!(store.replace_recovery_codes(id, &codes).await, Ok(false));
    let begun = store.second_factor(id).await.unwrap().unwrap();
    assert_eq!(store.confirm_second_factor(id, &begun, 5, &codes).await, Ok(true));
    assert_eq!(store.confirm_second_factor(id, &begun, 6, &[]).await, Ok(false));
    assert_eq!(store.user(id).await.unwrap().unwrap().generation, 1);
    assert!(store.user(id).await.unwrap().unwrap().second_factor);
    let found = store.second_factor(id).await.unwrap().unwrap();
    assert_eq!((&found.secret, found.last_step), (&secret, Some(5)));
    assert_eq!(store.begin_second_factor(id, &Secret::new("x")).await, Ok(false));
    assert_eq!(store.take_step(id, 5).await, Ok(false));
    let taken = join_all((0..8).map(|_| store.take_step(id, 6))).await;
    assert_eq!(taken.iter().filter(|taken| **taken == Ok(true)).count(), 1, "{taken:?}");
    let taken = join_all((0..8).map(|_| store.take_recovery_code(id, [1; 32]))).await;
    assert_eq!(taken.iter().filter(|taken| **taken == Ok(true)).count(), 1, "{taken:?}");
    assert_eq!(store.recovery_codes_left(id).await, Ok(1));
    assert_eq!(store.replace_recovery_codes(id, &[[3; 32], [4; 32]]).await, Ok(true));
    assert_eq!(store.recovery_codes_left(id).await, Ok(2));
    assert_eq!(store.take_recovery_code(id, [2; 32]).await, Ok(false), "the old ones are gone");
    // It lies sealed, and stays through a rotation of the key.
    assert_eq!(store.key_status().await.unwrap().keys[0].records, 1);
    if engine == Engine::Sqlite {
        store.begin_rotation().await.unwrap();
        store.reseal().await.unwrap();
        let found = store.second_factor(id).await.unwrap().unwrap();
        assert_eq!(found.secret, secret);
    }
    assert_eq!(store.remove_second_factor(id).await, Ok(true));
    assert_eq!(store.recovery_codes_left(id).await, Ok(0));
}

#[rstest]
#[tokio::test]
async fn tokens_open_until_they_expire_or_are_revoked(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let token = |project: Option<&str>, expires_at| ApiToken {
        id: Uuid::now_v7(),
        project: project.map(Into::into),
        name: "CI".to_owned(),
        access: Access::Admin,
        maker: None,
        created_by: "Amina".to_owned(),
        created_at: now(),
        expires_at,
        used_at: None,
    };
    let ours = token(Some(PROJECT), Some(now() + LONG));
    let expired = token(Some(PROJECT), Some(now() - LONG));
    let of_all = token(None, None);
    for (number, token) in (1..).zip([&ours, &expired, &of_all]) {
        store.create_api_token(token, [number; 32]).await.unwrap();
    }
    assert_eq!(store.api_token_of([1; 32]).await, Ok(Some(ours.clone())));
    let used = store.api_token_of([1; 32]).await.unwrap().unwrap().used_at;
    assert!(used.is_some_and(|used| used >= ours.created_at - LONG), "{used:?}");
    assert_eq!(store.api_token_of([2; 32]).await, Ok(None));
    assert_eq!(store.api_token_of([3; 32]).await, Ok(Some(of_all.clone())));
    assert_eq!(store.api_tokens(Some(PROJECT)).await.unwrap().len(), 2);
    assert_eq!(store.api_tokens(None).await.unwrap().len(), 1);
    assert_eq!(store.revoke_api_token(None, ours.id).await, Ok(false), "it is the project's");
    assert_eq!(store.revoke_api_token(Some(PROJECT), ours.id).await, Ok(true));
    assert_eq!(store.api_token_of([1; 32]).await, Ok(None));
}

#[rstest]
#[tokio::test]
async fn tries_are_counted_for_all_or_for_none(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let account = Tried { subject: [1; 32], limit: 3 };
    let address = Tried { subject: [2; 32], limit: 5 };
    // Many at once are no more than many one after the other.
    let both = [account, address];
    let ends = join_all((0..8).map(|_| store.count_try(&both, WINDOW))).await;
    assert_eq!(ends.iter().filter(|end| **end == Ok(None)).count(), 3, "{ends:?}");
    let waits: Vec<Duration> = ends.into_iter().filter_map(Result::unwrap).collect();
    assert!(waits.iter().all(|wait| *wait > WINDOW / 2 && *wait <= WINDOW), "{waits:?}");
    // What was refused for the account was not counted for the address.
    for _ in 0..2 {
        assert_eq!(store.count_try(&[address], WINDOW).await, Ok(None));
    }
    assert!(store.count_try(&[address], WINDOW).await.unwrap().is_some());
    store.give_try_back(&[address]).await.unwrap();
    assert_eq!(store.count_try(&[address], WINDOW).await, Ok(None));
    store.forget_tries(&account).await.unwrap();
    assert_eq!(store.count_try(&[account], WINDOW).await, Ok(None));
    // The window ends, and nothing of it stays.
    store.execute("UPDATE sign_in_tries SET since = since - 900000000").await;
    assert_eq!(store.count_try(&[address], WINDOW).await, Ok(None));
    assert!(store.count_try(&[account], WINDOW).await.unwrap().is_none());
}

/// A change of somebody in the project.
async fn change_member(
    store: &TestStore,
    account: Uuid,
    before: Option<Access>,
    after: Option<Access>,
    last_owner_may_go: bool,
) -> Result<(), StoreError> {
    let change = MemberChange { project: PROJECT, account, before, after, last_owner_may_go };
    store.change_member(change).await
}

#[rstest]
#[tokio::test]
async fn a_level_is_changed_if_it_is_what_was_seen(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let id = user(&store, "amina@example.org").await;
    let change = async |before, after| change_member(&store, id, before, after, true).await;
    let (editor, owner) = (Some(Access::Editor), Some(Access::Owner));
    assert!(change(None, owner).await.is_err(), "they are in already");
    assert!(change(Some(Access::Viewer), owner).await.is_err());
    assert_eq!(change(editor, owner).await, Ok(()));
    assert!(change(editor, None).await.is_err(), "they are more by now");
    assert_eq!(store.members(PROJECT).await.unwrap()[0].access, Access::Owner);
    assert_eq!(change(owner, None).await, Ok(()));
    assert!(change(owner, None).await.is_err());
    assert_eq!(change(None, editor).await, Ok(()));
    assert!(change_member(&store, Uuid::now_v7(), None, owner, true).await.is_err(), "no user");
}

#[rstest]
#[tokio::test]
async fn of_owners_who_take_each_other_out_one_stays(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let (editor, owner) = (Some(Access::Editor), Some(Access::Owner));
    let mut owners = Vec::new();
    for number in 0..6 {
        let id = user(&store, &format!("owner-{number}@example.org")).await;
        change_member(&store, id, editor, owner, false).await.unwrap();
        owners.push(id);
    }
    let afters = [editor, None].into_iter().cycle();
    let ends = join_all(
        owners
            .iter()
            .zip(afters)
            .map(|(id, after)| change_member(&store, *id, owner, after, false)),
    )
    .await;
    let kept: Vec<_> = ends.iter().filter(|end| end.is_err()).collect();
    assert_eq!(kept, [&Err(StoreError::Conflict(LAST_OWNER.to_owned()))], "{ends:?}");
    let left = store.members(PROJECT).await.unwrap();
    assert_eq!(left.iter().filter(|one| one.access == Access::Owner).count(), 1);
    let last = left.iter().find(|one| one.access == Access::Owner).unwrap().account;
    // An owner who is kept out is none.
    let other = user(&store, "other@example.org").await;
    change_member(&store, other, editor, owner, false).await.unwrap();
    let disabled = UserChange { disabled: Some(true), ..UserChange::default() };
    store.change_user(other, disabled).await.unwrap();
    assert!(change_member(&store, last, owner, None, false).await.is_err());
    assert_eq!(change_member(&store, last, owner, None, true).await, Ok(()));
}

#[rstest]
#[tokio::test]
async fn a_session_that_races_with_another_password_does_not_stay(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let id = user(&store, "amina@example.org").await;
    let sessions: Vec<NewSession> = (1..=16).map(|number| new_session(number, Some(id))).collect();
    let changing = new_session(99, Some(id));
    let begin = join_all(sessions.iter().map(|session| store.begin_session(session, IDLE)));
    let (_, changed) = tokio::join!(begin, store.change_password(id, "new", &changing));
    assert_eq!(changed, Ok(()));
    let left = store.sessions(Some(id), IDLE).await.unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0].id, changing.id);
}

#[rstest]
#[tokio::test]
async fn with_one_session_more_than_may_be_the_oldest_ends(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let id = user(&store, "amina@example.org").await;
    let most = u8::try_from(MOST_SESSIONS).unwrap();
    store.begin_session(&new_session(200, None), IDLE).await.unwrap();
    for number in 0..=most {
        store.begin_session(&new_session(number, Some(id)), IDLE).await.unwrap();
    }
    assert_eq!(store.sessions(Some(id), IDLE).await.unwrap().len(), MOST_SESSIONS);
    assert_eq!(store.session([0; 32], IDLE).await, Ok(None), "the oldest");
    for number in 1..=most {
        assert!(store.session([number; 32], IDLE).await.unwrap().is_some(), "{number}");
    }
    assert!(store.session([200; 32], IDLE).await.unwrap().is_some(), "others have their own");
}

#[rstest]
#[tokio::test]
async fn there_are_so_many_tokens_and_no_more(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let id = user(&store, "amina@example.org").await;
    let make = async |number: usize, project: Option<&str>, maker| {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_be_bytes());
        let token = ApiToken {
            id: Uuid::now_v7(),
            project: project.map(Into::into),
            name: "CI".to_owned(),
            access: Access::Viewer,
            maker,
            created_by: "Amina".to_owned(),
            created_at: now(),
            expires_at: None,
            used_at: None,
        };
        store.create_api_token(&token, digest).await
    };
    for number in 0..MOST_TOKENS {
        make(number, Some(PROJECT), Some(id)).await.unwrap();
    }
    let refused = Err(StoreError::Conflict(TOO_MANY_TOKENS.to_owned()));
    assert_eq!(make(1_000, Some(PROJECT), None).await, refused, "of the project");
    assert_eq!(make(1_001, Some("north"), Some(id)).await, refused, "of the maker");
    assert_eq!(make(1_002, Some("north"), None).await, Ok(()));
    assert_eq!(make(1_003, None, None).await, Ok(()));
    assert_eq!(store.api_tokens(Some(PROJECT)).await.unwrap().len(), MOST_TOKENS);
}

fn entry(action: &str, project: Option<&str>, who: &str, at: Timestamp) -> AuditEntry {
    AuditEntry {
        id: Uuid::new_v7(uuid::Timestamp::from_unix(
            uuid::NoContext,
            at.unix_seconds().unsigned_abs(),
            0,
        )),
        at,
        project: project.map(str::to_owned),
        who: Who { kind: "user".to_owned(), name: who.to_owned(), id: Some(Uuid::from_u128(7)) },
        action: action.to_owned(),
        target: Some("births".to_owned()),
        detail: "{}".to_owned(),
        address: Some("192.0.2.1".to_owned()),
    }
}

#[rstest]
#[tokio::test]
async fn the_log_is_read_by_who_what_and_when(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let start = now();
    let days = |days: u64| start - Duration::from_hours(24 * days);
    let entries = [
        entry(SIGN_IN_REFUSED, None, "unknown", days(100)),
        entry("forwarder.saved", Some(PROJECT), "Amina", days(3)),
        entry("forwarder.deleted", Some("north"), "Amina", days(2)),
        entry("user.invited", None, "100% Bob", days(1)),
    ];
    for one in &entries {
        store.note(one).await.unwrap();
    }
    let check = async |query: AuditQuery, expected: &[usize]| {
        let found = store.audit(&query, first(10)).await.unwrap();
        let wanted: Vec<AuditEntry> =
            expected.iter().map(|index| entries[*index].clone()).collect();
        assert_eq!(found, wanted, "{query:?}");
    };
    let all = AuditQuery::default;
    check(all(), &[3, 2, 1, 0]).await;
    check(AuditQuery { project: Some(PROJECT.to_owned()), ..all() }, &[1]).await;
    check(AuditQuery { who: Some("amina".to_owned()), ..all() }, &[2, 1]).await;
    check(AuditQuery { who: Some("%".to_owned()), ..all() }, &[3]).await;
    check(AuditQuery { who: Some(Uuid::from_u128(8).to_string()), ..all() }, &[]).await;
    check(AuditQuery { action: Some("forwarder".to_owned()), ..all() }, &[2, 1]).await;
    check(AuditQuery { action: Some("forwarder.saved".to_owned()), ..all() }, &[1]).await;
    check(AuditQuery { action: Some("%".to_owned()), ..all() }, &[]).await;
    check(AuditQuery { from: Some(days(3)), to: Some(days(1)), ..all() }, &[2, 1]).await;
    // What strangers tried stays for ninety days; what was done stays.
    store.note(&entry(SIGN_IN_REFUSED, None, "unknown", start)).await.unwrap();
    let left = store.audit(&all(), first(10)).await.unwrap();
    assert_eq!(left.len(), 4);
    assert!(!left.contains(&entries[0]));
}

#[tokio::test]
async fn the_clock_of_the_store_decides_on_sqlite() {
    let ahead = Arc::new(AtomicI64::new(0));
    let turned = Arc::clone(&ahead);
    let store = TestStore::with(Engine::Sqlite, |settings| {
        let system = clock::system();
        settings.clock = Arc::new(move || Timestamp(system().0 + turned.load(Ordering::SeqCst)));
    })
    .await;
    let id = user(&store, "amina@example.org").await;
    store.begin_session(&new_session(1, Some(id)), IDLE).await.unwrap();
    ahead.store(600_000_000, Ordering::SeqCst);
    assert_eq!(store.session([1; 32], IDLE).await, Ok(None), "ten minutes were the most");
    store.begin_session(&new_session(2, Some(id)), IDLE).await.unwrap();
    assert_eq!(store.end_sessions(Some(id)).await, Ok(1), "what has ended was forgotten");
}
