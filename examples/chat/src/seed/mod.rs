//! Rooms to begin with and, for development only, people who have talked in them.

mod script;

use chanx::BoxError;
use chanx_site::Site;
use chanx_site::accounts::{CreateUserError, NewUser};
use sqlx::SqlitePool;

use crate::history::{self, Draft};
use crate::people::{self, Person};
use crate::rooms::{self, Room};
use crate::{clock, members};
use script::{Line, Script};

/// Who talks in the scripts.
const PEOPLE: [&str; 6] = ["alice", "bob", "carol", "dmitri", "erin", "farid"];

/// What is said, and where.
const SCRIPTS: [Script; 4] = [
    Script { name: "Lounge", topic: "Everything and nothing. Be kind.", ended: 4, text: include_str!("lounge.txt") },
    Script {
        name: "Release train",
        topic: "What ships, when, and who holds the lamp.",
        ended: 190,
        text: include_str!("release.txt"),
    },
    Script {
        name: "Kaffee & Kuchen ☕",
        topic: "Recipes, beans, and the state of the machine.",
        ended: 1500,
        text: include_str!("kaffee.txt"),
    },
    Script {
        name: "Book club",
        topic: "This month: a short one, promised.",
        ended: 3100,
        text: include_str!("books.txt"),
    },
];

/// The command: refuses a chat that has rooms already.
pub(crate) async fn run(site: Site) -> Result<String, BoxError> {
    match if_empty(site).await? {
        report if report.is_empty() => Ok("There are rooms already, nothing was changed.".to_owned()),
        report => Ok(report),
    }
}

/// Fills a chat without rooms, and says what was made; nothing, if it has rooms.
pub(crate) async fn if_empty(site: Site) -> Result<String, BoxError> {
    if rooms::any(site.database().pool()).await? {
        return Ok(String::new());
    }
    if site.settings().debug { with_people(&site).await } else { rooms_alone(&site).await }
}

/// Where strangers may come, nobody has a password that was not chosen by its owner.
async fn rooms_alone(site: &Site) -> Result<String, BoxError> {
    for script in &SCRIPTS {
        rooms::open(site.database().pool(), script.name, script.topic).await?;
    }
    Ok(format!("{} rooms were made. People who talk are made in development only (CHANX_DEBUG=true).", SCRIPTS.len()))
}

async fn with_people(site: &Site) -> Result<String, BoxError> {
    let password = format!("chat-{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
    let mut created = Vec::new();
    for name in PEOPLE {
        if create_person(site, name, &password).await? {
            created.push(name);
        }
    }
    for script in &SCRIPTS {
        perform(site.database().pool(), script).await?;
    }
    Ok(report(&created, &password))
}

/// Whether there was nobody of this name.
async fn create_person(site: &Site, name: &str, password: &str) -> Result<bool, BoxError> {
    let user = NewUser { password: Some(password), ..NewUser::named(name) };
    match site.accounts().create_user(user).await {
        Ok(_) => Ok(true),
        Err(CreateUserError::UsernameTaken(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn report(created: &[&str], password: &str) -> String {
    let rooms = format!("The chat was empty: {} rooms were filled with examples.", SCRIPTS.len());
    if created.is_empty() {
        return rooms;
    }
    let names = created.join(", ");
    format!("{rooms} The password is shown this once only:\n  user names {names}\n  password   {password}")
}

/// Lets a conversation have taken place that ended a short while ago.
async fn perform(pool: &SqlitePool, script: &Script) -> Result<Room, BoxError> {
    let room = rooms::open(pool, script.name, script.topic).await?;
    let mut people: Vec<Person> = Vec::new();
    for Line { speaker, text, at } in script.lines(clock::now())? {
        let known = people.iter().position(|person| person.name == speaker);
        let index = match known {
            Some(index) => index,
            None => {
                people.push(newcomer(pool, &room, speaker, at).await?);
                people.len() - 1
            }
        };
        let message = history::append(pool, Draft { at, ..Draft::said(&people[index], room.id, text) }).await?;
        // Whoever talks has read what was said before.
        members::mark_read(pool, room.id, people[index].id, message.id).await?;
    }
    Ok(room)
}

/// Somebody who joins just before the first words.
async fn newcomer(pool: &SqlitePool, room: &Room, name: &str, at: i64) -> Result<Person, BoxError> {
    let person = people::by_name(pool, name).await?.ok_or_else(|| format!("there is no active user {name:?}"))?;
    members::join_at(pool, room.id, &person, at).await?;
    Ok(person)
}
