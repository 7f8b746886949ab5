//! Sending: to the processes of a group's members, and to one channel.

use std::collections::BTreeMap;

use chanx_core::layer::{ChannelName, GroupName, LayerError, LayerMessage};
use futures_util::future::join_all;
use redis::Pipeline;
use serde_json::Value;

use super::Shared;
use super::clock::Score;
use super::names::{is_alias, process_of};
use super::script::{self, Parcel, put};
use crate::codec::Draft;
use crate::connection::Link;
use crate::outage::Part;
use crate::ring::shard;
use crate::trouble::Trouble;

/// For how many processes messages are sent to a server at once, at most. Redis does nothing else meanwhile.
const MAX_PARCELS: usize = 64;

/// How many bytes are sent to a server at once, beside the last message.
const MAX_BYTES: usize = 1 << 20;

/// Distinguish messages that are otherwise equal, and are nothing else.
type Salt = [u8; 12];

/// A process, and its channels that a message is for.
type Addressee<'a> = (&'a str, Vec<&'a str>);

/// How many processes a message passed over because too many messages wait for them.
#[derive(Clone, Copy, Debug, Default)]
struct PassedOver {
    /// Of chanx. They run, and notice it.
    chanx: usize,
    /// Of others, which may be gone for good.
    others: usize,
}

impl Shared {
    pub(super) async fn send(&self, channel: &ChannelName, message: &LayerMessage) -> Result<(), LayerError> {
        self.open()?;
        let process = process_of(channel.as_str());
        let value = self.value(&self.codec.draft(message)?, &channel.as_str().into())?;
        let parcel = Parcel { key: self.names.key(process), value };
        let link = &self.links[shard(process, self.links.len())];
        let outcome = put(link, &[parcel], self.clock.now(), &self.config, link.deadline()).await?;
        if let Some(reason) = outcome.refusal {
            return Err(LayerError::Refused { reason });
        }
        if !outcome.full.is_empty() {
            return Err(LayerError::Full { channel: channel.clone() });
        }
        link.server().outage.end(Part::Writes);
        Ok(())
    }

    pub(super) async fn group_send(&self, group: &GroupName, message: &LayerMessage) -> Result<(), LayerError> {
        self.open()?;
        let draft = self.codec.draft(message)?;
        let score = self.clock.now();
        let own = self.members.confirmed_alias(group);
        let members = self.members_of(group).await?;
        let servers = self.by_server(&members);
        let count = servers.values().map(Vec::len).sum();
        let sendings = servers.iter().map(|(server, processes)| self.put_all(*server, &draft, processes, score, count));
        // The servers that work get theirs, whatever the others do.
        let mut passed = PassedOver::default();
        for result in join_all(sendings).await {
            let over = result?;
            passed = PassedOver { chanx: passed.chanx + over.chanx, others: passed.others + over.others };
        }
        self.log_passed(group, passed);
        // It may have left meanwhile.
        if let Some(alias) = own.filter(|alias| !members.iter().any(|name| name == alias.as_str()))
            && self.registration_is_lost(group, &alias)
        {
            let reason = "the server had lost the members of the group; they are being registered again".to_owned();
            return Err(LayerError::Unavailable { reason });
        }
        match passed.chanx {
            0 => Ok(()),
            processes => Err(LayerError::PassedOver { processes }),
        }
    }

    fn log_passed(&self, group: &GroupName, passed: PassedOver) {
        let processes = passed.chanx + passed.others;
        if let Some(times) = (processes > 0).then(|| self.overflow.happened()).flatten() {
            tracing::warn!(%group, processes, times, "a group message passes over processes for which too many wait");
        }
    }

    /// The members of a group that have the names that Python allows: text.
    async fn members_of(&self, group: &GroupName) -> Result<Vec<String>, LayerError> {
        let link = &self.links[shard(group.as_str(), self.links.len())];
        let key = self.names.group_key(group);
        let names = if self.tidied.is_due(group) {
            let present = script::tidy_members(link, &key, &self.names, &self.config).await?;
            self.log_gone(group, present.gone);
            present.names
        } else {
            let mut commands = Pipeline::new();
            commands.cmd("ZRANGE").arg(&key).arg(0).arg(-1);
            let mut results = link.repeatable(&commands, link.deadline()).await?.into_iter();
            let members = results.next().unwrap_or(Err(Trouble::nonsense()))?;
            redis::from_redis_value(members).map_err(|_| Trouble::nonsense())?
        };
        Ok(names.into_iter().filter_map(|name| String::from_utf8(name).ok()).collect())
    }

    fn log_gone(&self, group: &GroupName, processes: usize) {
        if let Some(times) = (processes > 0).then(|| self.reaped.happened()).flatten() {
            tracing::info!(%group, processes, times, "processes without a heartbeat are no members of a group any more");
        }
    }

    /// The processes of these members at each server.
    fn by_server<'a>(&self, members: &'a [String]) -> BTreeMap<usize, Vec<Addressee<'a>>> {
        let mut processes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for name in members {
            processes.entry(process_of(name)).or_default().push(name);
        }
        let mut servers: BTreeMap<usize, Vec<Addressee<'a>>> = BTreeMap::new();
        for (process, names) in processes {
            servers.entry(shard(process, self.links.len())).or_default().push((process, names));
        }
        servers
    }

    /// Leaves a message for processes at one server, part by part, each in the time that an operation has.
    async fn put_all(
        &self,
        server: usize,
        draft: &Draft,
        mut processes: &[Addressee<'_>],
        score: Score,
        count: usize,
    ) -> Result<PassedOver, LayerError> {
        let link = &self.links[server];
        let mut passed = PassedOver::default();
        while !processes.is_empty() {
            let parcels = self.parcels(draft, processes)?;
            let (part, rest) = processes.split_at(parcels.len());
            processes = rest;
            let full = self.put_part(link, &parcels, score, count).await?;
            let full_chanx = full.iter().filter(|at| part.get(**at).is_some_and(|(_, names)| is_of_chanx(names)));
            let chanx = full_chanx.count();
            passed = PassedOver { chanx: passed.chanx + chanx, others: passed.others + full.len() - chanx };
        }
        Ok(passed)
    }

    /// As many of the first parcels as are sent at once.
    fn parcels(&self, draft: &Draft, processes: &[Addressee<'_>]) -> Result<Vec<Parcel>, LayerError> {
        let mut parcels = Vec::new();
        let mut bytes = 0;
        for (process, names) in processes.iter().take(MAX_PARCELS) {
            let value = self.value(draft, &Value::from(names.as_slice()))?;
            bytes += value.len();
            parcels.push(Parcel { key: self.names.key(process), value });
            if bytes >= MAX_BYTES {
                break;
            }
        }
        Ok(parcels)
    }

    /// Says which parcels found no room. An unusable key is its process's trouble, and none of the sender's where there
    /// are others.
    async fn put_part(
        &self,
        link: &Link,
        parcels: &[Parcel],
        score: Score,
        count: usize,
    ) -> Result<Vec<usize>, LayerError> {
        let outcome = put(link, parcels, score, &self.config, link.deadline()).await?;
        match outcome.refusal {
            None if outcome.full.len() < parcels.len() => link.server().outage.end(Part::Writes),
            None => {}
            Some(reason) if count == 1 => return Err(LayerError::Refused { reason }),
            Some(reason) => {
                if let Some(times) = self.overflow.happened() {
                    tracing::warn!(reason, times, "a group message passes over a process whose key is unusable");
                }
            }
        }
        Ok(outcome.full)
    }

    fn value(&self, draft: &Draft, addressee: &Value) -> Result<Vec<u8>, LayerError> {
        let salt: Salt = rand::random();
        Ok([&salt[..], &self.codec.addressed(draft, addressee)?].concat())
    }
}

/// Whether a process is a running one of chanx: one that does not run is no member.
fn is_of_chanx(names: &[&str]) -> bool {
    names.iter().any(|name| is_alias(name))
}

/// Takes the salt off a value.
pub(super) fn without_salt(value: &[u8]) -> &[u8] {
    value.get(size_of::<Salt>()..).unwrap_or_default()
}
