"""Which windows are built, when, and what is missing of them."""

import datetime as dt
from collections.abc import Iterator, Mapping

from service.papers import Window
from service.schedule.actions import Build, BuildLater, Foreseen, Hold
from service.schedule.state import Rules, State, Try

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
    if issue is not None and (issue.approved_at is not None or issue.planned):
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
