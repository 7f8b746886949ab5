//! Sending: to the processes of a group's members, and to one channel.

use std::collections::BTreeMap;

use chanx_core::layer::{ChannelName, GroupName, LayerError, LayerMessage};
use futures_util::future::join_all;
use redis::Pipeline;
use serde_json::Value;
use tokio::time::Instant;

use super::Shared;
use super::clock::Score;
use super::names::process_of;
use super::script::{Parcel, put};
use crate::codec::Draft;
use crate::connection::{Deadline, Link};
use crate::outage::Part;
use crate::ring::shard;
use crate::trouble::Trouble;

/// Distinguish messages that are otherwise equal, and are nothing else.
type Salt = [u8; 12];

impl Shared {
    pub(super) async fn send(&self, channel: &ChannelName, message: &LayerMessage) -> Result<(), LayerError> {
        self.open()?;
        let process = process_of(channel.as_str());
        let value = self.value(&self.codec.draft(message)?, &channel.as_str().into())?;
        let parcel = Parcel { key: self.names.key(process), value };
        let link = &self.links[shard(process, self.links.len())];
        let over = self.put(link, &[parcel], self.clock.now(), link.deadline()).await?;
        if over > 0 {
            return Err(LayerError::Full { channel: channel.clone() });
        }
        Ok(())
    }

    pub(super) async fn group_send(&self, group: &GroupName, message: &LayerMessage) -> Result<(), LayerError> {
        self.open()?;
        let draft = self.codec.draft(message)?;
        let score = self.clock.now();
        let deadline = Deadline::after(self.config.timeout);
        let members = self.members_of(group, score, deadline).await?;
        let began = Instant::now();
        let parcels = self.parcels(&draft, &members)?;
        // Encrypting megabytes takes its time, which is not the server's.
        let deadline = deadline.later(began.elapsed());
        let sendings = parcels.iter().map(|(server, parcels)| self.put(&self.links[*server], parcels, score, deadline));
        // The servers that work get theirs, whatever the others do.
        let over = join_all(sendings).await.into_iter().sum::<Result<usize, _>>()?;
        if let Some(times) = (over > 0).then(|| self.overflow.happened()).flatten() {
            tracing::warn!(%group, processes = over, times, "a group message passes over processes for which too many wait");
        }
        Ok(())
    }

    /// The members that are not too old, and the names that Python allows: text.
    async fn members_of(&self, group: &GroupName, score: Score, deadline: Deadline) -> Result<Vec<String>, Trouble> {
        let key = self.names.group_key(group);
        let mut commands = Pipeline::with_capacity(2);
        let cutoff = score.before(self.config.group_expiry).to_text();
        commands.cmd("ZREMRANGEBYSCORE").arg(&key).arg(0).arg(cutoff);
        commands.cmd("ZRANGE").arg(&key).arg(0).arg(-1);
        let link = &self.links[shard(group.as_str(), self.links.len())];
        let mut results = link.repeatable(&commands, deadline).await?.into_iter();
        let (Some(_), Some(members)) = (results.next().transpose()?, results.next().transpose()?) else {
            return Err(Trouble::nonsense());
        };
        let members: Vec<Vec<u8>> = redis::from_redis_value(members).map_err(|_| Trouble::nonsense())?;
        Ok(members.into_iter().filter_map(|name| String::from_utf8(name).ok()).collect())
    }

    /// One parcel for each process, by server.
    fn parcels(&self, draft: &Draft, members: &[String]) -> Result<BTreeMap<usize, Vec<Parcel>>, LayerError> {
        let mut processes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for name in members {
            processes.entry(process_of(name)).or_default().push(name);
        }
        let mut parcels: BTreeMap<usize, Vec<Parcel>> = BTreeMap::new();
        for (process, names) in processes {
            let value = self.value(draft, &Value::from(names))?;
            let server = shard(process, self.links.len());
            parcels.entry(server).or_default().push(Parcel { key: self.names.key(process), value });
        }
        Ok(parcels)
    }

    fn value(&self, draft: &Draft, addressee: &Value) -> Result<Vec<u8>, LayerError> {
        let salt: Salt = rand::random();
        Ok([&salt[..], &self.codec.addressed(draft, addressee)?].concat())
    }

    /// How many parcels found no room. An unusable key is its process's trouble, and none of the sender's where there are
    /// others.
    async fn put(&self, link: &Link, parcels: &[Parcel], score: Score, deadline: Deadline) -> Result<usize, Trouble> {
        let outcome = put(link, parcels, score, &self.config, deadline).await?;
        match outcome.trouble {
            None if outcome.over < parcels.len() => link.server().outage.end(Part::Writes),
            None => {}
            Some(Trouble::Refused(reason)) if parcels.len() > 1 => {
                if let Some(times) = self.overflow.happened() {
                    tracing::warn!(reason, times, "a group message passes over a process whose key is unusable");
                }
            }
            Some(trouble) => return Err(link.note(trouble)),
        }
        Ok(outcome.over)
    }
}

/// Takes the salt off a value.
pub(super) fn without_salt(value: &[u8]) -> &[u8] {
    value.get(size_of::<Salt>()..).unwrap_or_default()
}
