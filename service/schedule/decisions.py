"""Which windows are built, what is due, and what will be."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from service.papers import Window
from service.schedule.actions import (
    Action,
    Approve,
    AskAboutHeld,
    AskForApproval,
    BackUp,
    Build,
    BuildLater,
    CleanUp,
    Deliver,
    Draft,
    Foreseen,
    Hold,
    KeepAnnouncements,
    Plan,
    ReadEvents,
    Reconcile,
    Remind,
    Retry,
    Rules,
    State,
    Try,
    Wait,
)

RETRY_BUILD_AFTER = (
    dt.timedelta(minutes=10),
    dt.timedelta(minutes=30),
    dt.timedelta(hours=1),
    dt.timedelta(hours=3),
)  # a build at 03:00 with a failing topic is settled before 08:00
LONGEST_CAUSE = 200  # characters of what went wrong, in a log line or a table
LONGEST_CALENDAR = 54  # weeks between two builds at most


def builds(state: State, now: dt.datetime, rules: Rules) -> Iterator[Foreseen]:
    """The oldest window that is not settled, and the next one; a later one waits for it.

    A later window built first would take the older one's papers as late ones.
    """
    open_ones = sorted(
        (one for one in state.tries if not is_settled(one, state, rules)), key=lambda one: one.window.last
    )
    for one in open_ones[:1]:
        missing = _missing(one.window, one.due_at, one, state)
        yield next_try(one), Build(one.window, missing, one.due_at, _again(one, rules))
    for one in open_ones[1:]:
        yield one.due_at, BuildLater(one.window, _missing(one.window, one.due_at, one, state))
    for one in state.tries:
        if one.failures and one.window.last == state.covered and one not in open_ones:
            yield one.tried_at, Hold(one.window.label, _given_up(one.window, one.failures))
    waits = bool(open_ones)
    for moment, window in windows(state, now, rules):
        missing = _missing(window, moment, None, state) or (state.topics if moment > now else ())
        if missing and waits and moment <= now:
            yield moment, BuildLater(window, missing)
        elif missing:
            yield moment, Build(window, missing, moment)
            waits = True


def windows(state: State, now: dt.datetime, rules: Rules) -> Iterator[tuple[dt.datetime, Window]]:
    """Windows after what is covered, each with its build's moment: those whose moment came, and the next.

    Oldest first. They tile the time: where the calendar passes over a week, its window grows by that week.
    """
    newest = Window.last_whole(now.date()).last
    earliest = newest - dt.timedelta(weeks=LONGEST_CALENDAR)
    covered = earliest if state.covered is None else max(state.covered, earliest)
    came: list[tuple[dt.datetime, Window]] = []
    while (moment := rules.calendar.next(_over(covered + dt.timedelta(weeks=1)))) is not None:
        last = Window.last_whole(moment.astimezone(dt.UTC).date()).last
        window = Window(covered + dt.timedelta(days=3), last)
        if moment > now:
            break
        came.append((moment, window))
        covered = last
    # a fresh installation has no past to catch up with
    yield from came[-1 if state.covered is None else -rules.missed :]
    if moment is not None:
        yield moment, window


def is_settled(one: Try, state: State, rules: Rules) -> bool:
    """Whether nothing more is built for a window: complete, given up, or in the hands of people."""
    issue = state.issue(one.window.label)
    if issue is not None and (issue.approved_at is not None or issue.planned or issue.halted):
        return True
    return one.tries >= rules.tries or not _missing(one.window, one.due_at, one, state)


def _again(one: Try, rules: Rules) -> str:
    if not one.tries:
        return ""
    return f" (try {one.tries + 1} of {rules.tries}{f'; {causes(one.failures)}' if one.failures else ''})"


def causes(failures: Mapping[str, str]) -> str:
    """What went wrong, short: the first topic's cause, and how many more there are."""
    slug, cause = next(iter(failures.items()))
    more = f"; and {len(failures) - 1} more" if len(failures) > 1 else ""
    return f"{'' if slug in cause else f'{slug}: '}{shortened(cause)}{more}"


def shortened(cause: str) -> str:
    """The beginning of a cause, on one line."""
    line = " ".join(cause.split())
    return line if len(line) <= LONGEST_CAUSE else f"{line[:LONGEST_CAUSE]}…"


def _given_up(window: Window, failures: Mapping[str, str]) -> str:
    asked = " ".join(f"--topic {slug}" for slug in failures)
    return (
        f"could not build {', '.join(failures)} ({causes(failures)}); "
        f"to try again: brief build --from {window.first} --to {window.last} {asked}"
    )


def _missing(window: Window, moment: dt.datetime, tried: Try | None, state: State) -> tuple[str, ...]:
    """Topics without a brief of this window; what people built since its moment counts."""
    if tried is not None and tried.failures is not None:
        return tuple(slug for slug in state.topics if slug in tried.failures)
    issue = state.issue(window.label)
    if issue is not None and issue.halted:
        return ()
    built = issue.topics if issue is not None and issue.built_at >= moment else ()
    return tuple(slug for slug in state.topics if slug not in built)


def next_try(one: Try) -> dt.datetime:
    """When a build is tried again."""
    if one.failures is None:  # begun and never ended: its process died, or has the lease
        return one.tried_at
    return one.tried_at + RETRY_BUILD_AFTER[min(one.tries, len(RETRY_BUILD_AFTER)) - 1]


def _over(last: dt.date) -> dt.datetime:
    """When a day is over, UTC."""
    return dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), dt.UTC)


OPEN_FOR = dt.timedelta(days=7)  # an older draft or approval is no longer carried on without being asked
ASK_EVERY = dt.timedelta(hours=1)  # about one issue, however often it is changed meanwhile
RETRY_ASK_AFTER = dt.timedelta(minutes=10)  # where nobody could be asked
ABANDONED = dt.timedelta(minutes=15)  # a claim this old has lost its worker
DAILY = dt.timedelta(days=1)

UNASKED = "nobody is asked by e-mail, as BRIEF_ADMINS is empty"
# chores
CLEAN_UP, READ_EVENTS, KEEP_ANNOUNCEMENTS = "clean up", "read events", "keep announcements"
BACK_UP, BACKUP_FAILED = "back up", "backup failed"  # the last good one; the last failure
RETRY_BACKUP_AFTER = dt.timedelta(hours=1)


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
    else:
        yield _planning(issue, issue.approved_at, now)


def _planning(issue: Draft, approved_at: dt.datetime, now: dt.datetime) -> Foreseen:
    """When an approved issue is planned: at once, or at the moment that a person chose."""
    moment = max(approved_at, issue.send_at or approved_at)
    if now - moment <= OPEN_FOR:
        return moment, Plan(issue.label, issue.send_at_once and issue.send_at is not None)
    why = f"approved over {OPEN_FOR.days} days ago and not sent; to send it: brief send {issue.label}"
    return moment + OPEN_FOR, Hold(issue.label, why)


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
    if rules.back_up is not None:
        yield _backup(state.chores, rules.back_up, now), BackUp()


def _backup(chores: Mapping[str, dt.datetime], interval: dt.timedelta, now: dt.datetime) -> dt.datetime:
    """When the next backup is taken: one that failed is tried again an hour later."""
    moment = chores[BACK_UP] + interval if BACK_UP in chores else now
    failed_at = chores.get(BACKUP_FAILED)
    return max(moment, failed_at + RETRY_BACKUP_AFTER) if failed_at else moment
