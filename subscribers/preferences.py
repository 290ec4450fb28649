"""Preferences: what a subscriber chose, and the rules for it."""

from enum import StrEnum


class Length(StrEnum):
    """How much of each topic an edition shows."""

    FULL = "full"
    SHORT = "short"


class Standing(StrEnum):
    """Where a subscriber stands; only active ones get mail."""

    UNCONFIRMED = "unconfirmed"  # joined, has not pressed the button in the confirmation e-mail
    ACTIVE = "active"
    LEFT = "left"
