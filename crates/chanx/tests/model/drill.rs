//! The first connection of a plan is meant to come to a certain end in a certain phase, so that each is seen often.

use crate::coverage::{self, Cell};
use crate::journal::Phase;
use crate::plan::{Act, Appetite, CLOSE_TIMEOUT, Fault, Handler, LARGE, Outcome, Plan, Step, StreamPlan};
use crate::random::Random;
use crate::table::End;

/// How long the handler waits before it comes to its end.
const BUSY: u64 = 100;
/// How long it takes the client to leave meanwhile.
const LEAVES_AFTER: u64 = 20;

/// Makes the first connection head for the cell, or the trouble, that is the seed's. The group `group` is its own.
pub(crate) fn install(plan: &mut Plan, group: usize, random: &mut Random) {
    let (turn, cells) = (plan.seed as usize, coverage::reachable());
    if turn % 4 == 3 {
        TROUBLES[turn / 4 % TROUBLES.len()](plan, group, random);
    } else {
        head_for(plan, cells[(turn - turn / 4) % cells.len()], group, random);
    }
}

type Trouble = fn(&mut Plan, usize, &mut Random);

/// What needs several things at once.
const TROUBLES: [Trouble; 9] = [
    sends_to_itself,
    waits_for_itself,
    has_no_room,
    sends_much,
    sends_many,
    reads_much,
    is_mute,
    events_and_messages,
    fails_to_flush,
];

/// A connection that does what its messages say, without any failure.
fn calm(plan: &mut Plan, random: &mut Random) {
    head_for(
        plan,
        Cell { phase: Phase::Farewell, end: End::Ok, is_ending: true, endpoint: plan.connections[0].endpoint },
        0,
        random,
    );
    plan.connections[0].joins.clear();
    plan.connections[0].farewell = Handler::default();
    plan.connections[0].steps.clear();
}

/// A handler waits until its own connection takes what its handle sends, and the client leaves.
fn waits_for_itself(plan: &mut Plan, _: usize, random: &mut Random) {
    calm(plan, random);
    plan.settings.max_outgoing_bytes = 300;
    plan.settings.handler_timeout = None;
    let connection = &mut plan.connections[0];
    connection.stream.capacity = 500;
    connection.messages =
        vec![Handler { acts: vec![Act::Whisper { to: 0, count: 20, size: 200 }], outcome: Outcome::Ok }];
    let leave = random.pick(&[Step::Finish, Step::Reset]);
    let pause = Step::Pause(random.between(20, 200) as u64);
    connection.steps = vec![Step::Appetite(Appetite::Nothing), Step::Act(0), pause, leave];
}

/// A handle is given more than a mailbox holds, and the client takes all of it.
fn sends_to_itself(plan: &mut Plan, _: usize, random: &mut Random) {
    calm(plan, random);
    plan.connections.truncate(1);
    plan.settings.max_outgoing_bytes = 300;
    let connection = &mut plan.connections[0];
    connection.messages[0].acts.push(Act::Whisper { to: 0, count: 20, size: 200 });
    connection.steps = vec![Step::Act(0)];
}

/// Many messages wait for a client that takes their answers late, and then all at once.
fn has_no_room(plan: &mut Plan, _: usize, random: &mut Random) {
    calm(plan, random);
    plan.settings.max_outgoing_bytes = 300;
    plan.stays_slow = false;
    let connection = &mut plan.connections[0];
    connection.stream.capacity = 400;
    connection.messages = vec![Handler { acts: vec![Act::Say { count: 2, size: 200 }], outcome: Outcome::Ok }; 12];
    connection.steps = vec![Step::Appetite(Appetite::Nothing)];
    connection.steps.extend((0..12).map(Step::Act));
    connection.steps.push(Step::Pause(random.between(1, 90) as u64));
}

/// A handler sends more than is written in one turn.
fn sends_much(plan: &mut Plan, _: usize, random: &mut Random) {
    calm(plan, random);
    plan.settings.max_outgoing_bytes = random.pick(&[3000, 100_000]);
    let connection = &mut plan.connections[0];
    connection.stream.piece = 50_000;
    connection.messages = vec![Handler { acts: vec![Act::Say { count: 100, size: 5000 }], outcome: Outcome::Ok }; 2];
    connection.steps = vec![Step::Act(0), Step::Act(1)];
}

/// A client sends more messages than are handled in one turn.
fn sends_many(plan: &mut Plan, _: usize, random: &mut Random) {
    calm(plan, random);
    let connection = &mut plan.connections[0];
    connection.stream.piece = 50_000;
    let handler = Handler { acts: vec![Act::Say { count: 1, size: 10 }], outcome: Outcome::Ok };
    connection.messages = vec![handler; random.between(30, 90)];
    connection.steps = (0..connection.messages.len() as u32).map(Step::Act).collect();
}

/// A client sends more bytes than are read in one turn, while a handler runs.
fn reads_much(plan: &mut Plan, _: usize, random: &mut Random) {
    calm(plan, random);
    let connection = &mut plan.connections[0];
    connection.stream.piece = 50_000;
    connection.messages[0].acts.push(Act::Sleep(BUSY));
    connection.steps = vec![Step::Act(0), Step::Pause(10)];
    connection.steps.extend(LARGE.take(9).map(Step::Act));
    connection.steps.push(Step::Ping(7));
}

/// A client answers nothing, neither pings nor a close frame.
fn is_mute(plan: &mut Plan, _: usize, random: &mut Random) {
    calm(plan, random);
    let acts = match random.below(3) {
        0 => Vec::new(),
        _ => vec![Act::Close(3000)],
    };
    plan.connections[0].messages = vec![Handler { acts, outcome: random.pick(&[Outcome::Ok, Outcome::Panic]) }];
    plan.connections[0].steps = vec![Step::Mute, Step::Act(0)];
}

/// A flush has to wait, and then fails, while the client has nothing to say.
fn fails_to_flush(plan: &mut Plan, _: usize, random: &mut Random) {
    calm(plan, random);
    let connection = &mut plan.connections[0];
    connection.stream.hesitates = 80;
    connection.stream.buffer = 1000;
    connection.stream.fault = Fault::FlushError(random.below(5));
    connection.messages = vec![Handler { acts: vec![Act::Say { count: 1, size: 10 }], outcome: Outcome::Ok }; 6];
    connection.steps = (0..6).flat_map(|n| [Step::Act(n), Step::Pause(CLOSE_TIMEOUT + 200)]).collect();
}

/// Events and messages wait while a handler runs.
fn events_and_messages(plan: &mut Plan, group: usize, random: &mut Random) {
    calm(plan, random);
    let say = Act::Say { count: random.between(0, 1), size: 300 };
    plan.events.push(Handler { acts: vec![Act::Sleep(5), say], outcome: Outcome::Ok });
    plan.settings.max_queued_deliveries = 1024;
    plan.settings.max_outgoing_bytes = random.pick(&[300, 100_000]);
    let tell = Act::Tell { group, event: plan.events.len() - 1 };
    let connection = &mut plan.connections[0];
    connection.joins = vec![group];
    let first = Handler { acts: vec![tell.clone(), tell.clone(), tell, Act::Sleep(BUSY)], outcome: Outcome::Ok };
    let short = Handler { acts: vec![Act::Sleep(random.between(1, 5) as u64)], outcome: Outcome::Ok };
    connection.messages = vec![first, short.clone(), short.clone(), short.clone(), short];
    connection.steps = (0..5).map(Step::Act).collect();
}

fn head_for(plan: &mut Plan, cell: Cell, group: usize, random: &mut Random) {
    let settings = &mut plan.settings;
    settings.max_waiting_messages = 64;
    settings.idle_timeout = None;
    settings.handler_timeout = (cell.end != End::Abandoned).then_some(300);
    settings.admission_timeout = if cell.end == End::Abandoned { 2000 } else { 300 };

    let handler = Handler { acts: vec![Act::Sleep(BUSY)], outcome: outcome(cell.end) };
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
        *own = Handler::default();
    }
    connection.joins = vec![group];
    connection.messages = vec![Handler::default(); 2];
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
