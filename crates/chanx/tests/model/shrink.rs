//! A smaller plan that fails too.

use crate::plan::{Connection, Plan};

/// How many smaller plans are tried.
const TRIALS: usize = 400;

/// Leaves out whatever can be left out of a plan that fails.
pub(crate) fn shrink(mut plan: Plan, fails: impl Fn(&Plan) -> bool) -> Plan {
    let mut trials = TRIALS;
    loop {
        let smaller = smaller(&plan).into_iter().find(|smaller| {
            trials = trials.saturating_sub(1);
            trials > 0 && fails(smaller)
        });
        match smaller {
            Some(smaller) => plan = smaller,
            None => return plan,
        }
    }
}

/// Plans with one thing less, the largest things first.
fn smaller(plan: &Plan) -> Vec<Plan> {
    let mut all = Vec::new();
    let mut keep = |change: &dyn Fn(&mut Plan)| {
        let mut smaller = plan.clone();
        change(&mut smaller);
        all.push(smaller);
    };
    if plan.connections.len() > 1 {
        keep(&|plan| _ = plan.connections.pop());
    }
    for number in 0..plan.connections.len() {
        let connection = &plan.connections[number];
        if !connection.steps.is_empty() {
            keep(&|plan| plan.connections[number].steps.clear());
        }
        if !connection.joins.is_empty() {
            keep(&|plan| plan.connections[number].joins.clear());
        }
        for index in 0..connection.steps.len() {
            keep(&|plan| _ = plan.connections[number].steps.remove(index));
        }
        for (index, handler) in connection.messages.iter().enumerate() {
            for act in 0..handler.acts.len() {
                keep(&|plan| _ = plan.connections[number].messages[index].acts.remove(act));
            }
        }
    }
    all
}

/// A plan in as few lines as can be read.
pub(crate) fn describe(plan: &Plan) -> String {
    let mut lines = vec![
        format!("seed {}, {:?}", plan.seed, plan.settings),
        format!("clients close: {}, stay slow: {}", plan.clients_close, plan.stays_slow),
    ];
    lines.extend(plan.events.iter().enumerate().map(|(number, event)| format!("event {number}: {event:?}")));
    for (number, connection) in plan.connections.iter().enumerate() {
        let Connection { endpoint, stream, inflates, joins, steps, messages, .. } = connection;
        lines.push(format!("connection {number}: {endpoint:?}, {stream:?}, inflates: {inflates}, joins {joins:?}"));
        let Connection { admission, connect, groups, greet, missed, farewell, .. } = connection;
        let handlers = [
            ("admission", admission),
            ("connect", connect),
            ("groups", groups),
            ("greet", greet),
            ("missed", missed),
            ("farewell", farewell),
        ];
        lines.extend(handlers.iter().map(|(name, handler)| format!("  {name}: {handler:?}")));
        lines.extend(messages.iter().enumerate().map(|(n, message)| format!("  message {n}: {message:?}")));
        lines.extend(steps.iter().map(|step| format!("  {step:?}")));
    }
    lines.join("\n")
}
