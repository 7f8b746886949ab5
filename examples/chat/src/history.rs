//! Messages that were said: kept, and read again page by page.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqliteExecutor, SqliteRow};
use sqlx::{FromRow, Row, SqlitePool};

use crate::clock;
use crate::people::Person;

/// How many messages a page has at most.
pub(crate) const PAGE: usize = 50;

/// A message of a room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ChatMessage {
    /// Grows with every message, so that clients can order, resume and recognize.
    pub(crate) id: i64,
    /// What happened.
    pub(crate) kind: Kind,
    /// Whose doing it is.
    pub(crate) sender: Person,
    /// Who alone may read it; without one, all members.
    pub(crate) to: Option<Person>,
    /// What was said; nothing, if something else happened.
    pub(crate) text: String,
    /// When, in milliseconds since 1970.
    pub(crate) at: i64,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The sender said something.
    Said,
    /// The sender became a member.
    Joined,
    /// The sender is a member no longer.
    Left,
}

/// A message that is not kept yet.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) room: i64,
    pub(crate) kind: Kind,
    pub(crate) sender: &'a Person,
    pub(crate) to: Option<&'a Person>,
    pub(crate) text: &'a str,
    pub(crate) at: i64,
}

/// Messages that follow one another, the oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Page {
    /// Which messages these are.
    pub(crate) span: Span,
    /// The oldest first.
    pub(crate) messages: Vec<ChatMessage>,
    /// Whether there are messages before the first one.
    pub(crate) has_older: bool,
}

/// Which messages a page has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Span {
    /// The newest. They replace what the client has: messages may be missing between.
    Latest,
    /// Those before the one that the client named.
    Older,
    /// All since the one that the client has.
    Since,
}

/// A room, as one of its members may read it: without the private messages of others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) room: i64,
    pub(crate) reader: i64,
}

impl<'a> Draft<'a> {
    /// Something said now.
    pub(crate) fn said(sender: &'a Person, room: i64, text: &'a str) -> Self {
        Self { room, kind: Kind::Said, sender, to: None, text, at: clock::now() }
    }

    /// Something that has happened to somebody now.
    pub(crate) fn about(person: &'a Person, room: i64, kind: Kind) -> Self {
        Self { room, kind, sender: person, to: None, text: "", at: clock::now() }
    }

    /// For one reader alone.
    pub(crate) fn only_to(self, reader: &'a Person) -> Self {
        Self { to: Some(reader), ..self }
    }
}

/// Keeps a message.
pub(crate) async fn append(database: impl SqliteExecutor<'_>, draft: Draft<'_>) -> sqlx::Result<ChatMessage> {
    let sql = "INSERT INTO chat_message (room_id, sender_id, recipient_id, kind, text, created) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    // Not `RETURNING`: SQLite gives its rows before it commits, and whether that works would go unseen.
    let query = sqlx::query(sql)
        .bind(draft.room)
        .bind(draft.sender.id)
        .bind(draft.to.map(|reader| reader.id))
        .bind(draft.kind.as_str())
        .bind(draft.text)
        .bind(draft.at);
    let id = query.execute(database).await?.last_insert_rowid();
    let Draft { kind, sender, to, text, at, .. } = draft;
    Ok(ChatMessage { id, kind, sender: sender.clone(), to: to.cloned(), text: text.to_owned(), at })
}

impl View {
    /// The newest messages.
    pub(crate) async fn latest(self, pool: &SqlitePool) -> sqlx::Result<Page> {
        let (messages, has_older) = self.newest_between(pool, 0, i64::MAX).await?;
        Ok(Page { span: Span::Latest, messages, has_older })
    }

    /// The messages before this one.
    pub(crate) async fn before(self, pool: &SqlitePool, id: i64) -> sqlx::Result<Page> {
        let (messages, has_older) = self.newest_between(pool, 0, id).await?;
        Ok(Page { span: Span::Older, messages, has_older })
    }

    /// The messages after this one; only the newest, if they do not fit into a page.
    pub(crate) async fn since(self, pool: &SqlitePool, id: i64) -> sqlx::Result<Page> {
        let (messages, is_cut) = self.newest_between(pool, id, i64::MAX).await?;
        let span = if is_cut { Span::Latest } else { Span::Since };
        Ok(Page { span, messages, has_older: true })
    }

    /// At most a page of the messages with ids between these two, and whether there are more.
    async fn newest_between(
        self,
        pool: &SqlitePool,
        after: i64,
        before: i64,
    ) -> sqlx::Result<(Vec<ChatMessage>, bool)> {
        let sql = "
            SELECT message.id, message.kind, message.text, message.created,
                sender.id AS sender_id, sender.username AS sender_name,
                recipient.id AS recipient_id, recipient.username AS recipient_name
            FROM chat_message AS message
            JOIN auth_user AS sender ON sender.id = message.sender_id
            LEFT JOIN auth_user AS recipient ON recipient.id = message.recipient_id
            WHERE message.room_id = $1 AND message.id > $3 AND message.id < $4
                AND (message.recipient_id IS NULL OR message.recipient_id = $2 OR message.sender_id = $2)
            ORDER BY message.id DESC LIMIT $5";
        let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
        let query = sqlx::query_as(sql).bind(self.room).bind(self.reader).bind(after).bind(before).bind(limit);
        let mut messages: Vec<ChatMessage> = query.fetch_all(pool).await?;
        let has_more = messages.len() > PAGE;
        messages.truncate(PAGE);
        messages.reverse();
        Ok((messages, has_more))
    }
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::Joined => "joined",
            Self::Left => "left",
        }
    }

    fn from_str(text: &str) -> Option<Self> {
        [Self::Said, Self::Joined, Self::Left].into_iter().find(|kind| kind.as_str() == text)
    }
}

impl FromRow<'_, SqliteRow> for ChatMessage {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let recipient: Option<i64> = row.try_get("recipient_id")?;
        Ok(Self {
            id: row.try_get("id")?,
            kind: Kind::from_str(row.try_get("kind")?).ok_or(sqlx::Error::RowNotFound)?,
            sender: Person { id: row.try_get("sender_id")?, name: row.try_get("sender_name")? },
            to: match recipient {
                Some(id) => Some(Person { id, name: row.try_get("recipient_name")? }),
                None => None,
            },
            text: row.try_get("text")?,
            at: row.try_get("created")?,
        })
    }
}
