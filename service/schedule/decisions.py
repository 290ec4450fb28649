"""What is due, and what will be."""

import datetime as dt
from collections.abc import Iterator, Sequence

from service.schedule.actions import (
    Action,
    Approve,
    AskAboutHeld,
    AskForApproval,
    CleanUp,
    Deliver,
    Foreseen,
    Hold,
    KeepAnnouncements,
    Plan,
    ReadEvents,
    Reconcile,
    Remind,
    Retry,
    Wait,
)
from service.schedule.builds import builds, is_settled
from service.schedule.state import Draft, Rules, State, Try

OPEN_FOR = dt.timedelta(days=7)  # an older draft or approval is no longer carried on without being asked
ASK_EVERY = dt.timedelta(hours=1)  # about one issue, however often it is changed meanwhile
RETRY_ASK_AFTER = dt.timedelta(minutes=10)  # where nobody could be asked
ABANDONED = dt.timedelta(minutes=15)  # a claim this old has lost its worker
DAILY = dt.timedelta(days=1)

UNASKED = "nobody is asked by e-mail, as BRIEF_ADMINS is empty"
CLEAN_UP, READ_EVENTS, KEEP_ANNOUNCEMENTS = "clean up", "read events", "keep announcements"  # chores


def due(state: State, now: dt.datetime, rules: Rules) -> tuple[Action, ...]:
    """What is to be done now: short things first, the build that takes long last."""
    return tuple(action for when, action in foreseen(state, now, rules) if when <= now)


def upcoming(state: State, now: dt.datetime, rules: Rules) -> tuple[Foreseen, ...]:
    """What is to come as far as it can be foreseen, soonest first."""
    later = (one for one in foreseen(state, now, rules) if one[0] > now)
    return tuple(sorted(later, key=lambda one: one[0]))


def foreseen(state: State, now: dt.datetime, rules: Rules) -> Iterator[Foreseen]:
    """Every action with its moment, past or to come."""
    for issue in sorted(state.issues, key=lambda one: (one.window.last, one.label)):
        if not issue.halted:
            yield from _restored(issue, now)
            yield from _carried_on(issue, state, now, rules)
    yield from _chores(state, now, rules)
    yield from builds(state, now, rules)


def late_before(
    attended_at: dt.datetime | None, now: dt.datetime, late: dt.timedelta | None
) -> dt.datetime | None:
    """The moment before which a waiting delivery must have been due to be late; None where none is.

    Late is what nobody came to send. Where a sender was here lately, what still waits is held back by the
    pace, and that is meant. Two things are never late: an issue without an hour, and one that nobody limits.
    """
    if attended_at is None or late is None or now - attended_at <= late:
        return None
    return now - late


def _restored(issue: Draft, now: dt.datetime) -> Iterator[Foreseen]:
    """What a restored backup does not know, only a person can say."""
    say = f"say what became of it: brief deliveries resolve {issue.label} --as waiting (or accepted)"
    if issue.restored:
        yield now, Hold(issue.label, f"{issue.restored} deliveries may have left before the restore; {say}")
    elif issue.may_have_left:
        why = "it may have left before the restore: when it is sent, all of it is held"
        yield now, Hold(issue.label, f"{why}; then {say}")


def _carried_on(issue: Draft, state: State, now: dt.datetime, rules: Rules) -> Iterator[Foreseen]:
    if issue.planned:
        yield from _deliveries(issue, now, rules)
    elif issue.approved_at is None:
        yield from _approval(issue, state, now, rules)
    elif now - issue.approved_at <= OPEN_FOR:
        yield issue.approved_at, Plan(issue.label)
    else:
        why = f"approved over {OPEN_FOR.days} days ago and not sent; to send it: brief send {issue.label}"
        yield issue.approved_at + OPEN_FOR, Hold(issue.label, why)


def _approval(issue: Draft, state: State, now: dt.datetime, rules: Rules) -> Iterator[Foreseen]:
    tried = next((one for one in state.tries if one.window == issue.window), None)
    if tried is not None and not is_settled(tried, state, rules):
        return  # another try may complete it, which would need another approval
    if now - issue.built_at > OPEN_FOR:
        why = f"nobody approved it within {OPEN_FOR.days} days; to do so: brief approve {issue.label}"
        yield issue.built_at + OPEN_FOR, Hold(issue.label, why)
    elif rules.auto and _is_untouched(issue) and _is_complete(issue, tried, rules):
        yield issue.built_at, Approve(issue.label, issue.content_hash)
    elif not rules.admins:
        yield (
            issue.built_at,
            Wait(issue.label, f"approval: brief approve {issue.label}; {UNASKED}", unasked=True),
        )
    elif issue.asked_at is None:
        yield _askable(issue, _first_ask(issue)), AskForApproval(issue.label, issue.content_hash)
    elif issue.asked <= rules.reminders:
        moment = _askable(issue, issue.asked_at + rules.remind)
        yield moment, Remind(issue.label, issue.content_hash, issue.asked)
    else:
        yield issue.asked_at, Wait(issue.label, f"approval: brief approve {issue.label}")


def _first_ask(issue: Draft) -> dt.datetime:
    """When somebody is asked about what the issue holds now: of changes in a row one e-mail tells."""
    last = issue.last_asked_at
    return max(issue.built_at, last + ASK_EVERY) if last else issue.built_at


def _askable(issue: Draft, moment: dt.datetime) -> dt.datetime:
    """When somebody is asked: a question that did not leave is not tried again at once."""
    return max(moment, issue.unasked_at + RETRY_ASK_AFTER) if issue.unasked_at else moment


def _is_untouched(issue: Draft) -> bool:
    """Whether no person was asked or did anything yet: the schedule never overrules one."""
    return not issue.by_hand and issue.problems is None and not issue.asked


def _is_complete(issue: Draft, tried: Try | None, rules: Rules) -> bool:
    """Whether the schedule built every topic, and in time: what comes late asks."""
    return tried is not None and tried.failures == {} and issue.built_at - tried.due_at <= rules.late


def _deliveries(issue: Draft, now: dt.datetime, rules: Rules) -> Iterator[Foreseen]:
    if issue.claimed_at is not None:
        yield issue.claimed_at + ABANDONED, Reconcile(issue.label)
    if issue.waiting_at is not None:
        yield issue.waiting_at, Deliver(issue.label)
    if issue.retry_at is not None:
        yield issue.retry_at, Retry(issue.label)
    decide = f"to send them: brief deliveries release {issue.label}; to drop them: cancel"
    if issue.held and not rules.admins:
        what = f"a decision on late deliveries, held: {issue.held}; {decide}; {UNASKED}"
        yield now, Wait(issue.label, what, unasked=True)
    elif issue.held and now - issue.built_at <= 2 * OPEN_FOR:
        asked_at = issue.asked_about_held_at
        moment = _askable(issue, asked_at + rules.remind if asked_at else now)
        yield moment, AskAboutHeld(issue.label, issue.held)
    elif issue.held:
        yield issue.built_at + 2 * OPEN_FOR, Hold(issue.label, f"{issue.held} deliveries are late; {decide}")


def _chores(state: State, now: dt.datetime, rules: Rules) -> Iterator[Foreseen]:
    chores: Sequence[tuple[str, dt.timedelta | None, Action]] = (
        (READ_EVENTS, rules.read_events, ReadEvents()),
        (CLEAN_UP, DAILY, CleanUp()),
        (KEEP_ANNOUNCEMENTS, rules.keep_announcements, KeepAnnouncements()),
    )
    for name, interval, action in chores:
        if interval is not None:
            done_at = state.chores.get(name)
            yield done_at + interval if done_at else now, action
