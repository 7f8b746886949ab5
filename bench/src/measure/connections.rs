//! What it costs to come: the handshake alone, and a whole short life.

use super::{Conditions, MeasureError, metered};
use crate::deployment::Deployment;
use crate::load::{Door, Visits, Whither};
use crate::sample::Sample;
use crate::servers::{Circumstances, ECHO, Kind, SESSION};
use crate::sessions::Sessions;
use crate::work::Login;

/// How many shake hands at the same time.
const AT_ONCE: usize = 64;

pub(super) fn handshakes(
    connections: u32,
    login: Login,
    kind: Kind,
    conditions: Conditions,
) -> Result<Sample, MeasureError> {
    let sessions = Sessions::for_login(login)?;
    let servers = Deployment::start(kind, 1, circumstances(login, &sessions), conditions.cores)?;
    let mut visits = Visits::new(servers.address(), door(login, kind, &sessions), Whither::Stay)?;
    visits.run(connections as usize / 8, AT_ONCE)?;
    metered(&servers, || visits.run(connections as usize, AT_ONCE))
}

pub(super) fn churn(at_once: u32, login: Login, kind: Kind, conditions: Conditions) -> Result<Sample, MeasureError> {
    let sessions = Sessions::for_login(login)?;
    let servers = Deployment::start(kind, 1, circumstances(login, &sessions), conditions.cores)?;
    let mut visits = Visits::new(servers.address(), door(login, kind, &sessions), Whither::Leave)?;
    visits.run_for(conditions.warm_up(), at_once as usize)?;
    metered(&servers, || visits.run_for(conditions.duration(), at_once as usize))
}

fn circumstances(login: Login, sessions: &Sessions) -> Circumstances<'_> {
    Circumstances { database: sessions.database(), is_uncached: login == Login::Session, ..Circumstances::default() }
}

fn door(login: Login, kind: Kind, sessions: &Sessions) -> Door<'_> {
    match login {
        Login::Nobody => Door::open(ECHO, kind.dialect()),
        Login::Session | Login::CachedSession => Door::into_room(SESSION, kind.dialect()).with(sessions.keys()),
    }
}
