//! Django's migrations, and the application's own beside them: what is recorded as applied, and what is left to do.

use std::collections::HashSet;

use sqlx::{Sqlite, Transaction};

use super::{Database, Timestamp};

/// Django's applications whose tables the site uses, in the order of their foreign keys.
const DJANGO: [DjangoApp; 4] = [
    DjangoApp {
        app: "contenttypes",
        names: &["0001_initial", "0002_remove_content_type_name"],
        sql: include_str!("sqlite/contenttypes.sql"),
    },
    DjangoApp {
        app: "auth",
        names: &[
            "0001_initial",
            "0002_alter_permission_name_max_length",
            "0003_alter_user_email_max_length",
            "0004_alter_user_username_opts",
            "0005_alter_user_last_login_null",
            "0006_require_contenttypes_0002",
            "0007_alter_validators_add_error_messages",
            "0008_alter_user_username_max_length",
            "0009_alter_user_last_name_max_length",
            "0010_alter_group_name_max_length",
            "0011_update_proxy_permissions",
            "0012_alter_user_first_name_max_length",
        ],
        sql: include_str!("sqlite/auth.sql"),
    },
    DjangoApp {
        app: "authtoken",
        names: &["0001_initial", "0002_auto_20160226_1747", "0003_tokenproxy", "0004_alter_tokenproxy_options"],
        sql: include_str!("sqlite/authtoken.sql"),
    },
    DjangoApp { app: "sessions", names: &["0001_initial"], sql: include_str!("sqlite/sessions.sql") },
];

/// The tables of one Django application as all its migrations together leave them.
///
/// Django's own steps are not repeated one by one: either none of them was applied, and the
/// tables are made at once, or all were.
struct DjangoApp {
    app: &'static str,
    names: &'static [&'static str],
    sql: &'static str,
}

/// One step of an application's own schema, recorded in `django_migrations` as Django's are.
///
/// ```
/// use chanx_site::database::Migration;
///
/// const ROOMS: Migration = Migration {
///     app: "chat",
///     name: "0001_initial",
///     sql: "CREATE TABLE chat_room (id integer PRIMARY KEY, name varchar(50) NOT NULL)",
/// };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// The application that the step belongs to.
    pub app: &'static str,
    /// The step's name, unique in its application: `0001_initial`.
    pub name: &'static str,
    /// One or more statements, separated by semicolons.
    pub sql: &'static str,
}

impl Database {
    /// Creates Django's tables (`contenttypes`, `auth`, `authtoken`, `sessions`) where they are
    /// missing, and records what Django 5.2 and Django REST framework would have recorded, so
    /// that `manage.py migrate` finds nothing to do for them.
    ///
    /// Gives what was applied, as `auth.0001_initial`; nothing the second time, and nothing on a
    /// database that Django migrated. All or nothing: a failure leaves the database as it was.
    ///
    /// # Errors
    /// An application's migrations were applied in part, or the database refused.
    pub async fn migrate(&self) -> Result<Vec<String>, MigrateError> {
        self.migrate_with(&[]).await
    }

    /// [`migrate`](Self::migrate), and then the application's own steps in the order given.
    ///
    /// # Errors
    /// As [`migrate`](Self::migrate).
    pub async fn migrate_with(&self, own: &[Migration]) -> Result<Vec<String>, MigrateError> {
        // The write lock first, so that two processes that start together do not both migrate.
        let mut transaction = self.pool().begin_with("BEGIN IMMEDIATE").await?;
        create_record(&mut transaction).await?;
        let recorded = recorded(&mut transaction).await?;
        let mut applied = Vec::new();
        for app in DJANGO.iter().filter(|app| !app.is_complete(&recorded)) {
            app.require_untouched(&recorded)?;
            applied.extend(app.apply(&mut transaction).await?);
        }
        for step in own.iter().filter(|step| !recorded.contains(&step.label())) {
            applied.push(apply(&mut transaction, step).await?);
        }
        transaction.commit().await?;
        Ok(applied)
    }

    /// What [`migrate`](Self::migrate) would record, as `auth.0001_initial`.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, MigrateError> {
        self.pending_migrations_with(&[]).await
    }

    /// What [`migrate_with`](Self::migrate_with) would record.
    ///
    /// # Errors
    /// The database could not be read.
    pub async fn pending_migrations_with(&self, own: &[Migration]) -> Result<Vec<String>, MigrateError> {
        let mut transaction = self.pool().begin().await?;
        let recorded = match has_record(&mut transaction).await? {
            true => recorded(&mut transaction).await?,
            false => HashSet::new(),
        };
        let all = DJANGO.iter().flat_map(DjangoApp::labels).chain(own.iter().map(Migration::label));
        Ok(all.filter(|label| !recorded.contains(label)).collect())
    }
}

/// Why the schema could not be brought up to date, or be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// Django applied some migrations of an application and not the others.
    #[error("{app} is migrated in part (missing: {}); run Django's own `manage.py migrate` first", missing.join(", "))]
    Incomplete {
        /// The Django application.
        app: &'static str,
        /// The names that are not recorded.
        missing: Vec<&'static str>,
    },
    /// A step's statements were refused, say because its table is there already.
    #[error("cannot apply the migration {label}")]
    Step {
        /// The step, as `auth.0001_initial`.
        label: String,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The database could not be read or written.
    #[error("the database failed while its migrations were looked at")]
    Database(#[from] sqlx::Error),
}

impl DjangoApp {
    fn labels(&self) -> impl Iterator<Item = String> {
        self.names.iter().map(|name| label(self.app, name))
    }

    fn is_complete(&self, recorded: &HashSet<String>) -> bool {
        self.labels().all(|label| recorded.contains(&label))
    }

    fn require_untouched(&self, recorded: &HashSet<String>) -> Result<(), MigrateError> {
        let is_missing = |name: &&'static str| !recorded.contains(&label(self.app, name));
        let missing: Vec<_> = self.names.iter().copied().filter(is_missing).collect();
        if missing.len() == self.names.len() {
            return Ok(());
        }
        Err(MigrateError::Incomplete { app: self.app, missing })
    }

    async fn apply(&self, transaction: &mut Transaction<'_, Sqlite>) -> Result<Vec<String>, MigrateError> {
        execute(transaction, self.sql, || label(self.app, self.names[0])).await?;
        for name in self.names {
            record(transaction, self.app, name).await?;
        }
        Ok(self.labels().collect())
    }
}

impl Migration {
    fn label(&self) -> String {
        label(self.app, self.name)
    }
}

fn label(app: &str, name: &str) -> String {
    format!("{app}.{name}")
}

async fn apply(transaction: &mut Transaction<'_, Sqlite>, step: &Migration) -> Result<String, MigrateError> {
    execute(transaction, step.sql, || step.label()).await?;
    record(transaction, step.app, step.name).await?;
    Ok(step.label())
}

async fn execute(
    transaction: &mut Transaction<'_, Sqlite>,
    sql: &'static str,
    label: impl FnOnce() -> String,
) -> Result<(), MigrateError> {
    let result = sqlx::raw_sql(sql).execute(&mut **transaction).await;
    result.map(drop).map_err(|source| MigrateError::Step { label: label(), source })
}

async fn has_record(transaction: &mut Transaction<'_, Sqlite>) -> sqlx::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'django_migrations'";
    let tables: i64 = sqlx::query_scalar(sql).fetch_one(&mut **transaction).await?;
    Ok(tables > 0)
}

async fn create_record(transaction: &mut Transaction<'_, Sqlite>) -> sqlx::Result<()> {
    if !has_record(transaction).await? {
        sqlx::raw_sql(include_str!("sqlite/migrations.sql")).execute(&mut **transaction).await?;
    }
    Ok(())
}

async fn recorded(transaction: &mut Transaction<'_, Sqlite>) -> sqlx::Result<HashSet<String>> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT app, name FROM django_migrations").fetch_all(&mut **transaction).await?;
    Ok(rows.iter().map(|(app, name)| label(app, name)).collect())
}

async fn record(transaction: &mut Transaction<'_, Sqlite>, app: &str, name: &str) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO django_migrations (app, name, applied) VALUES ($1, $2, $3)")
        .bind(app)
        .bind(name)
        .bind(Timestamp::now())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
