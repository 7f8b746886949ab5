//! Who is logged in by a session: what says so, and whether it holds. Read for many at once, who ask at the same time.

use crate::database::Timestamp;

use super::session_cache::Login;
use super::store::{Places, SessionQuestion, SessionRow, UserRow};
use super::{Account, Accounts, AccountsError, SessionData};

// The keys of a session that say who is logged in, as Django names them.
const USER_ID: &str = "_auth_user_id";
const BACKEND: &str = "_auth_user_backend";
const HASH: &str = "_auth_user_hash";

/// The only way of logging in that is known here: name and password.
const MODEL_BACKEND: &str = "django.contrib.auth.backends.ModelBackend";

/// Names the purpose of the hash that ties a session to the password.
const HASH_SALT: &str = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash";

/// What a genuine session says.
struct Claim {
    data: SessionData,
    expires: String,
    user_id: i64,
    /// The user, if the guess was right.
    user: Option<UserRow>,
}

impl Accounts {
    /// Reads a session and its user, together with all others that are asked for at this time.
    pub(super) async fn read_login(
        &self,
        session_key: &str,
        guess: Option<i64>,
    ) -> Result<Option<Login>, AccountsError> {
        let question = SessionQuestion { key: session_key.to_owned(), guess };
        let login = self.logins.ask(question, |questions| self.read_logins(questions)).await?;
        Ok(login?)
    }

    /// Two journeys to the database: the id of the user is inside the session.
    async fn read_logins(&self, questions: Vec<SessionQuestion>) -> sqlx::Result<Places<Login>> {
        let sessions = self.store.sessions(&questions, Timestamp::now()).await?;
        let claims: Places<Claim> =
            sessions.into_iter().map(|session| Ok(session?.and_then(|session| self.claim(session)))).collect();
        let mut users = self.users_to_ask_for(&claims).await?.into_iter();
        let mut login = |claim: Claim| {
            let user = claim.user.map_or_else(|| users.next().unwrap_or(Ok(None)), |user| Ok(Some(user)))?;
            Ok(self.judge(&claim.data, user).map(|account| Login { account, expires: claim.expires }))
        };
        Ok(claims.into_iter().map(|claim| claim?.map_or(Ok(None), &mut login)).collect())
    }

    /// The users who were not guessed, in the order of the claims.
    async fn users_to_ask_for(&self, claims: &Places<Claim>) -> sqlx::Result<Places<UserRow>> {
        let claims = claims.iter().flatten().flatten();
        let ids: Vec<i64> = claims.filter(|claim| claim.user.is_none()).map(|claim| claim.user_id).collect();
        if ids.is_empty() { Ok(Vec::new()) } else { self.store.session_users(&ids).await }
    }

    fn claim(&self, session: SessionRow) -> Option<Claim> {
        let data = SessionData::decode(&session.data, &self.keys)?;
        let user_id = user_id(&data)?;
        let user = session.user.filter(|user| user.account.id == user_id);
        Some(Claim { data, expires: session.expires, user_id, user })
    }

    /// The user, if the session still opens the account.
    fn judge(&self, data: &SessionData, user: Option<UserRow>) -> Option<Account> {
        let user = user.filter(|user| user.account.is_active && self.is_bound_to(data, user));
        user.map(|user| user.account)
    }

    /// Whether the session was opened with the password that the user has now.
    fn is_bound_to(&self, data: &SessionData, user: &UserRow) -> bool {
        data.text(HASH).is_some_and(|hash| self.keys.matches_digest(HASH_SALT, &user.password, hash))
    }

    /// What the session of a user says who logs in now.
    pub(super) fn logged_in(&self, user: &UserRow) -> SessionData {
        let mut data = SessionData::new();
        data.insert(USER_ID, user.account.id.to_string());
        data.insert(BACKEND, MODEL_BACKEND);
        data.insert(HASH, self.keys.digest(HASH_SALT, &user.password));
        data
    }
}

/// The user that a session names, if it came about in a way that is known here.
fn user_id(data: &SessionData) -> Option<i64> {
    if data.text(BACKEND)? != MODEL_BACKEND {
        return None;
    }
    data.text(USER_ID)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::accounts::NewUser;
    use crate::database::Database;
    use crate::signing::Keys;

    /// Accounts that keep nothing in memory.
    async fn accounts(url: &str) -> Accounts {
        let database = Database::connect(url, true).await.unwrap();
        database.migrate().await.unwrap();
        Accounts::new(database, Keys::new("only-for-tests", [""; 0])).session_cache_size(0)
    }

    async fn accounts_in_file() -> (Accounts, TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("site.sqlite3");
        (accounts(&format!("sqlite://{}", file.display())).await, directory)
    }

    async fn log_in(accounts: &Accounts, name: &str) -> String {
        let user = accounts.create_user(NewUser::named(name)).await.unwrap();
        accounts.login(&user).await.unwrap().key
    }

    async fn execute(accounts: &Accounts, sql: &'static str) {
        sqlx::raw_sql(sql).execute(accounts.database().pool()).await.unwrap();
    }

    /// Whose session each key is, asked for at the same time.
    async fn names(accounts: &Accounts, keys: &[String]) -> Vec<Option<String>> {
        let mut tasks = tokio::task::JoinSet::new();
        for (place, key) in keys.iter().cloned().enumerate() {
            let accounts = accounts.clone();
            tasks.spawn(async move { (place, accounts.user_by_session(&key).await.unwrap()) });
        }
        let mut found = tasks.join_all().await;
        found.sort_by_key(|(place, _)| *place);
        found.into_iter().map(|(_, account)| account.map(|account| account.username)).collect()
    }

    async fn assert_each_leads_to_its_own_user(accounts: &Accounts) {
        let (mut keys, mut expected) = (Vec::new(), Vec::new());
        for number in 0..2 * crate::accounts::SESSIONS_READ_TOGETHER {
            let name = format!("user{number}");
            let key = log_in(accounts, &name).await;
            keys.extend([key.clone(), format!("{key}x"), key]);
            expected.extend([Some(name.clone()), None, Some(name)]);
        }
        assert_eq!(names(accounts, &keys).await, expected);
    }

    #[tokio::test]
    async fn each_of_many_sessions_leads_to_its_own_user() {
        let (accounts, _directory) = accounts_in_file().await;
        assert_each_leads_to_its_own_user(&accounts).await;
    }

    #[tokio::test]
    async fn a_database_in_memory_does_the_same() {
        assert_each_leads_to_its_own_user(&accounts("sqlite::memory:").await).await;
    }

    #[tokio::test]
    async fn a_guess_is_only_a_hint() {
        let (accounts, _directory) = accounts_in_file().await;
        let (alice, bob) = (log_in(&accounts, "alice").await, log_in(&accounts, "bob").await);
        for guess in [None, Some(1), Some(2), Some(3)] {
            for (key, name) in [(&alice, "alice"), (&bob, "bob")] {
                let login = accounts.read_login(key, guess).await.unwrap();
                assert_eq!(login.map(|login| login.account.username).as_deref(), Some(name), "{guess:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_read_spoils_no_other() {
        let (accounts, _directory) = accounts_in_file().await;
        let mut keys = Vec::new();
        for name in ["alice", "bob", "carol"] {
            keys.push(log_in(&accounts, name).await);
        }
        execute(&accounts, "UPDATE auth_user SET date_joined = 'long ago' WHERE username = 'bob'").await;
        let look_up = |place: usize| accounts.user_by_session(&keys[place]);
        let (alice, bob, carol) = tokio::join!(look_up(0), look_up(1), look_up(2));
        assert_eq!(alice.unwrap().map(|account| account.username).as_deref(), Some("alice"));
        assert!(bob.is_err());
        assert_eq!(carol.unwrap().map(|account| account.username).as_deref(), Some("carol"));
    }

    #[tokio::test]
    async fn a_key_is_taken_as_it_is() {
        let (accounts, _directory) = accounts_in_file().await;
        let key = log_in(&accounts, "alice").await;
        let sql = "INSERT INTO django_session SELECT 'it''s \"a\" \\ key' || char(10), session_data, expire_date \
                   FROM django_session";
        execute(&accounts, sql).await;
        let odd = "it's \"a\" \\ key\n".to_owned();
        let others = [format!("{key}\0"), key.to_uppercase(), format!(" {key}"), "\0\0\0\0\0\0\0\0".to_owned()];
        let keys = [[odd, key].as_slice(), &others].concat();
        let alice = Some("alice".to_owned());
        assert_eq!(names(&accounts, &keys).await, [alice.clone(), alice, None, None, None, None]);
    }
}
