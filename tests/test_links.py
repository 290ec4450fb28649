import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.links import LinkRefused, Links, Purpose

LINKS = Links("https://brief.example.org", ("k" * 32,))
SUBJECTS = st.text(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=1, max_size=40
)


@given(SUBJECTS, st.sampled_from(Purpose))
def test_a_link_reads_back_for_its_own_purpose(subject: str, purpose: Purpose) -> None:
    assert LINKS.read(purpose, LINKS.token(purpose, subject)) == subject


@given(SUBJECTS, st.sampled_from(Purpose), st.sampled_from(Purpose))
def test_a_link_for_one_purpose_opens_no_other(subject: str, made_for: Purpose, used_for: Purpose) -> None:
    if made_for is not used_for:
        with pytest.raises(LinkRefused):
            LINKS.read(used_for, LINKS.token(made_for, subject))


@given(SUBJECTS, st.integers(min_value=0), st.characters())
def test_a_changed_link_is_refused(subject: str, place: int, character: str) -> None:
    token = LINKS.token(Purpose.MANAGE, subject)
    at = place % len(token)
    forged = token[:at] + character + token[at + 1 :]
    if forged != token and not _same_bits(forged, token):
        with pytest.raises(LinkRefused):
            LINKS.read(Purpose.MANAGE, forged)


def _same_bits(forged: str, token: str) -> bool:
    """Base64 leaves two spare bits in the last character: the same signature, spelled otherwise."""
    return forged[:-1] == token[:-1]


def test_an_older_key_still_opens_and_the_newest_signs() -> None:
    old, both, new = (
        Links("https://x.example", keys) for keys in (("a" * 32,), ("a" * 32, "b" * 32), ("b" * 32,))
    )
    assert both.read(Purpose.LEAVE, old.token(Purpose.LEAVE, "s1")) == "s1"
    assert new.read(Purpose.LEAVE, both.token(Purpose.LEAVE, "s1")) == "s1"


def test_a_rotated_out_key_opens_nothing() -> None:
    token = Links("https://x.example", ("a" * 32,)).token(Purpose.LEAVE, "s1")
    with pytest.raises(LinkRefused):
        Links("https://x.example", ("b" * 32,)).read(Purpose.LEAVE, token)


@pytest.mark.parametrize("keys", [(), ("",), ("a" * 32, "")])
def test_links_without_a_key_are_refused(keys: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="at least one key"):
        Links("https://x.example", keys)
