//! The first connection of a plan is meant to come to a certain end in a certain phase, so that each is seen often.

use crate::coverage::Cell;
use crate::journal::Phase;
use crate::plan::{Act, Fault, Handler, Outcome, Plan, Step, StreamPlan};
use crate::random::Random;
use crate::table::End;

/// How long the handler waits before it comes to its end.
const BUSY: u64 = 100;
/// How long it takes the client to leave meanwhile.
const LEAVES_AFTER: u64 = 20;

/// Makes the first connection head for this cell. The group `group` is its own.
pub(crate) fn install(plan: &mut Plan, cell: Cell, group: usize, random: &mut Random) {
    let settings = &mut plan.settings;
    settings.max_waiting_messages = 64;
    settings.idle_timeout = None;
    settings.handler_timeout = (cell.end != End::Abandoned).then_some(300);
    settings.admission_timeout = if cell.end == End::Abandoned { 2000 } else { 300 };

    let handler = Handler { acts: vec![Act::Sleep(BUSY)], outcome: outcome(cell.end) };
    let calm = || Handler { acts: Vec::new(), outcome: Outcome::Ok };
    let connection = &mut plan.connections[0];
    connection.endpoint = cell.endpoint;
    connection.stream = stream(random);
    for own in [
        &mut connection.admission,
        &mut connection.connect,
        &mut connection.groups,
        &mut connection.greet,
        &mut connection.missed,
        &mut connection.farewell,
    ] {
        *own = calm();
    }
    connection.joins = vec![group];
    connection.messages = vec![calm(), calm()];
    let leave = [Step::Pause(LEAVES_AFTER), random.pick(&[Step::Close(1000), Step::Close(3001), Step::Finish])];
    let mut steps = vec![Step::Pause(30), Step::Act(0)];
    match cell.phase {
        Phase::Admission => connection.admission = handler,
        Phase::Connect => connection.connect = handler,
        Phase::Groups => connection.groups = handler,
        Phase::Greet => connection.greet = handler,
        Phase::Message => connection.messages[0] = handler,
        Phase::Farewell => connection.farewell = handler,
        Phase::Reading => {
            // It is read while the connection drains, if the client leaves before.
            connection.messages[0].acts.push(Act::Sleep(BUSY));
            steps.push(Step::Read(1));
        }
        Phase::Event => {
            plan.events.push(handler);
            let event = plan.events.len() - 1;
            connection.messages[0].acts.push(Act::Tell { group, event });
        }
        Phase::Missed => {
            connection.missed = handler;
            connection.messages[0].acts.push(Act::Miss);
        }
    }
    if matches!(cell.phase, Phase::Admission | Phase::Connect | Phase::Groups | Phase::Greet) {
        steps.clear();
    }
    if cell.is_ending && cell.phase != Phase::Farewell {
        steps.extend(leave);
    } else {
        steps.extend([Step::Pause(500), Step::Act(1)]);
    }
    connection.steps = steps;
}

fn outcome(end: End) -> Outcome {
    match end {
        End::Ok => Outcome::Ok,
        End::Error => Outcome::Error,
        End::Closed => Outcome::Closed,
        End::Panic => Outcome::Panic,
        End::TimedOut | End::Abandoned => Outcome::Hang,
    }
}

fn stream(random: &mut Random) -> StreamPlan {
    StreamPlan {
        hesitates: random.pick(&[0, 30]),
        delay: 0,
        piece: random.pick(&[10, 500, 20_000]),
        capacity: 1 << 24,
        buffer: random.pick(&[0, 1000]),
        fault: Fault::None,
    }
}
