"""The schedule: what is due, decided from the database's state and the clock alone.

actions    what can be due, each in words; Rules and State: what the settings say and the database holds
decisions  which windows are built, when, and what is missing; foreseen, due, upcoming; late_before: what is
           held because nobody came in time

Nothing is remembered here: whoever asks again after a restart, a missed night or a change of the clock gets
the answer that the state deserves.
"""

from service.schedule.actions import (
    Action,
    Approve,
    AskAboutHeld,
    AskForApproval,
    BackUp,
    Build,
    Calendar,
    CleanUp,
    Deliver,
    Draft,
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
    in_words,
)
from service.schedule.decisions import (
    BACK_UP,
    BACKUP_FAILED,
    CLEAN_UP,
    KEEP_ANNOUNCEMENTS,
    READ_EVENTS,
    due,
    foreseen,
    late_before,
    next_try,
    shortened,
    upcoming,
    windows,
)

__all__ = [
    "BACKUP_FAILED",
    "BACK_UP",
    "CLEAN_UP",
    "KEEP_ANNOUNCEMENTS",
    "READ_EVENTS",
    "Action",
    "Approve",
    "AskAboutHeld",
    "AskForApproval",
    "BackUp",
    "Build",
    "Calendar",
    "CleanUp",
    "Deliver",
    "Draft",
    "Hold",
    "KeepAnnouncements",
    "Plan",
    "ReadEvents",
    "Reconcile",
    "Remind",
    "Retry",
    "Rules",
    "State",
    "Try",
    "Wait",
    "due",
    "foreseen",
    "in_words",
    "late_before",
    "next_try",
    "shortened",
    "upcoming",
    "windows",
]
