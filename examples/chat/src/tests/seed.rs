//! The examples to begin with.

use chanx_site::Project;
use chanx_site::testing::TestSite;

use super::Result;
use crate::{application, seed};

async fn empty(project: &Project) -> Result<TestSite> {
    Ok(TestSite::new(project).await?)
}

async fn count(site: &TestSite, table: &'static str) -> Result<i64> {
    let sql = match table {
        "users" => "SELECT count(*) FROM auth_user",
        "rooms" => "SELECT count(*) FROM chat_room",
        _ => "SELECT count(*) FROM chat_message",
    };
    Ok(sqlx::query_scalar(sql).fetch_one(site.site().database().pool()).await?)
}

fn for_development() -> Project {
    application().settings(|settings| settings.debug = true)
}

#[tokio::test]
async fn development_begins_with_people_who_have_talked() -> Result {
    let site = empty(&for_development()).await?;
    let report = seed::run(site.site().clone()).await.map_err(|error| error.to_string())?;
    let password = report.lines().last().and_then(|line| line.split_whitespace().last()).ok_or("no password")?;
    assert!(site.login("alice", password).await.is_ok(), "{report}");
    assert_eq!((count(&site, "users").await?, count(&site, "rooms").await?), (6, 4));
    assert!(count(&site, "messages").await? > 80);
    Ok(())
}

#[tokio::test]
async fn elsewhere_there_are_rooms_without_people() -> Result {
    let site = empty(&application()).await?;
    seed::run(site.site().clone()).await.map_err(|error| error.to_string())?;
    let counts = (count(&site, "users").await?, count(&site, "rooms").await?, count(&site, "messages").await?);
    assert_eq!(counts, (0, 4, 0));
    Ok(())
}

#[tokio::test]
async fn a_chat_with_rooms_is_left_alone() -> Result {
    let site = empty(&for_development()).await?;
    for expected in ["The chat was empty", "There are rooms already"] {
        let report = seed::run(site.site().clone()).await.map_err(|error| error.to_string())?;
        assert!(report.starts_with(expected), "{report}");
    }
    assert_eq!(count(&site, "rooms").await?, 4);
    assert_eq!(seed::if_empty(site.site().clone()).await.map_err(|error| error.to_string())?, "");
    Ok(())
}
