"""Signed links: each opens for one purpose, while its key is known and its time has not passed."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.links import LIFETIMES, Links, Purpose, Refusal, Refused, Subject, mended
from tests.cases import every

NOW = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)
LINKS = Links("https://brief.example.org", ("k" * 32,))
WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
SUBJECTS = st.builds(
    Subject,
    st.text(WORD, min_size=1, max_size=32),
    st.integers(0, 1_000_000),
    st.text(WORD, max_size=60),
)
ADA = Subject("AbCdEfGhIjKlMnOp", 3, "2026-W22")


@given(SUBJECTS, st.sampled_from(Purpose))
def test_a_link_reads_back_for_its_own_purpose(subject: Subject, purpose: Purpose) -> None:
    assert LINKS.read(purpose, LINKS.token(purpose, subject, NOW), NOW) == subject


@given(SUBJECTS, st.sampled_from(Purpose), st.sampled_from(Purpose))
def test_a_link_for_one_purpose_opens_no_other(
    subject: Subject, made_for: Purpose, used_for: Purpose
) -> None:
    if made_for is not used_for:
        token = LINKS.token(made_for, subject, NOW)
        assert LINKS.read(used_for, token, NOW) == Refused(Refusal.OTHER_PURPOSE, subject)


@given(SUBJECTS, st.integers(min_value=0), st.characters())
def test_a_changed_link_is_refused(subject: Subject, place: int, character: str) -> None:
    token = LINKS.token(Purpose.MANAGE, subject, NOW)
    at = place % len(token)
    forged = token[:at] + character + token[at + 1 :]
    if forged != token:
        assert LINKS.read(Purpose.MANAGE, forged, NOW) == Refused(Refusal.FORGED)


@given(SUBJECTS, st.integers(min_value=1), st.text(max_size=5))
def test_a_link_that_is_cut_off_or_has_more_after_it_is_refused(
    subject: Subject, cut: int, more: str
) -> None:
    token = LINKS.token(Purpose.LEAVE, subject, NOW)
    assert LINKS.read(Purpose.LEAVE, token[: -(cut % len(token) or 1)], NOW) == Refused(Refusal.FORGED)
    if more:
        assert LINKS.read(Purpose.LEAVE, token + more, NOW) == Refused(Refusal.FORGED)


@given(st.text())
def test_what_was_never_signed_is_refused(text: str) -> None:
    assert LINKS.read(Purpose.MANAGE, text, NOW) == Refused(Refusal.FORGED)


@every(("purpose", "lifetime"), LIFETIMES.items())
def test_a_link_expires_by_its_purpose_and_says_whose_it_was(
    purpose: Purpose, lifetime: dt.timedelta
) -> None:
    token = LINKS.token(purpose, ADA, NOW)
    second = dt.timedelta(seconds=1)
    assert LINKS.read(purpose, token, NOW + lifetime - second) == ADA
    assert LINKS.read(purpose, token, NOW + lifetime) == Refused(Refusal.EXPIRED, ADA)


@pytest.mark.parametrize("purpose", [Purpose.MANAGE, Purpose.LEAVE, Purpose.WEB_VIEW])
def test_the_links_of_an_old_email_still_open_and_are_the_same_every_time(purpose: Purpose) -> None:
    token = LINKS.token(purpose, ADA, NOW)
    assert LINKS.read(purpose, token, NOW + dt.timedelta(days=3650)) == ADA
    assert LINKS.token(purpose, ADA, NOW + dt.timedelta(days=1)) == token


def test_an_older_key_still_opens_and_the_newest_signs() -> None:
    old, both, new = (
        Links("https://x.example", keys) for keys in (("a" * 32,), ("a" * 32, "b" * 32), ("b" * 32,))
    )
    assert both.read(Purpose.LEAVE, old.token(Purpose.LEAVE, ADA, NOW), NOW) == ADA
    assert new.read(Purpose.LEAVE, both.token(Purpose.LEAVE, ADA, NOW), NOW) == ADA


def test_a_rotated_out_key_opens_nothing() -> None:
    token = Links("https://x.example", ("a" * 32,)).token(Purpose.LEAVE, ADA, NOW)
    assert Links("https://x.example", ("b" * 32,)).read(Purpose.LEAVE, token, NOW) == Refused(Refusal.FORGED)


@given(SUBJECTS, st.sampled_from(Purpose))
def test_a_link_is_one_short_line_that_needs_no_escaping(subject: Subject, purpose: Purpose) -> None:
    url = LINKS.url(purpose, subject, NOW)
    assert url.startswith(f"https://brief.example.org/{purpose}/")
    assert set(url.rpartition("/")[2]) <= set(WORD) | {"."}
    assert len(url) < 250


@every("about", ["a.b", "a/b", "ä", "a\nb", "a" * 65])
def test_what_a_url_cannot_hold_is_not_signed(about: str) -> None:
    with pytest.raises(ValueError, match="can't hold"):
        LINKS.token(Purpose.MANAGE, Subject("ref", 0, about), NOW)


@pytest.mark.parametrize("keys", [(), ("",), ("a" * 32, "")])
def test_links_without_a_key_are_refused(keys: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="at least one key"):
        Links("https://x.example", keys)


def test_a_token_has_one_spelling() -> None:
    """Some bits of the last character of a signature in base64 say nothing: they must be as made."""
    token = LINKS.token(Purpose.MANAGE, ADA, NOW)
    letters = WORD + "=."
    others = [token[:-1] + last for last in letters if last != token[-1]] + [token + last for last in letters]
    assert all(isinstance(LINKS.read(Purpose.MANAGE, one, NOW), Refused) for one in others)
    assert LINKS.read(Purpose.MANAGE, token, NOW) == ADA


def test_lasting_urls_are_those_that_are_made_one_by_one_and_itsdangerous_reads_them() -> None:
    purposes = [Purpose.LEAVE, Purpose.MANAGE, Purpose.WEB_VIEW]
    links = Links("https://x.example", ("a" * 32, "b" * 32))
    made = links.lasting_urls(purposes)(ADA)
    assert made == [links.url(purpose, ADA, NOW) for purpose in purposes]
    for purpose, url in zip(purposes, made, strict=True):
        token = url.rpartition("/")[2]
        assert links._signers[purpose].sign(token.rpartition(".")[0]).decode() == token
        assert links.read(purpose, token, NOW) == ADA


DAMAGE = (
    "{t}>", "{t})", "{t},", "{t}.", "{t}/", "{t}//", "{t};", "{t}'", "{t}]", "{t}...", "{t}**", "{t}%3E",
    "{t}%253E", "{t}&amp;utm_source=news", "{t}&gt;", "{t} ", "{t}%20", "{t} and so on", "<{t}>",
    "{t}\u200b", '{t}">here</a>', "{a}=\n{b}", "{a}=\r\n{b}", "{a}={b}", "{a}=%0D%0A{b}", "{a} {b}",
    "{a}%20{b}", "{a}\u00ad{b}", "{a}\n> {b}", "{a}%0A%3E%20{b}", "*{t}*", "{a}\\{b}",
)  # fmt: skip


def test_a_link_that_was_damaged_on_its_way_is_mended_without_loss() -> None:
    token = LINKS.token(Purpose.LEAVE, Subject("aB_-0123456789xy", 3, "2026-W22"), NOW)
    for damage, place in itertools.product(DAMAGE, (1, 15, 17, 24, 60)):
        damaged = damage.format(t=token, a=token[:place], b=token[place:])
        assert mended(f"/leave/{damaged}") == f"/leave/{token}", (damage, place)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_link_that_was_escaped_again_and_again_is_mended(times: int) -> None:
    token = LINKS.token(Purpose.LEAVE, Subject("aB_-0123456789xy"), NOW)
    escaped = token.replace("_", "%5F").replace(".", "%2E").replace("-", "%2D")
    for _ in range(times - 1):
        escaped = escaped.replace("%", "%25")
    assert mended(f"/leave/{escaped}") == f"/leave/{token}"


@pytest.mark.parametrize(
    "spelled", [("=5F", "=2E", "=2D"), ("_", "&#46;", "-"), ("_", ".", "\u2011"), ("_", ".", "\u2013")]
)
def test_a_link_whose_marks_were_written_otherwise_is_mended(spelled: tuple[str, str, str]) -> None:
    token = LINKS.token(Purpose.LEAVE, Subject("aB_-0123456789xy", 0, "2026-W22"), NOW)
    written = token.translate(dict(zip(map(ord, "_.-"), spelled, strict=True)))
    assert mended(f"/leave/{written}") == mended(f"/Leave/{written}") == f"/leave/{token}"


def test_what_a_page_does_behind_a_link_stays() -> None:
    token = LINKS.token(Purpose.MANAGE, Subject("aB_-0123456789xy"), NOW)
    assert mended(f"/manage/{token}>/history/") == f"/manage/{token}/history"
    assert mended("/issues/2026-W22/") == "/issues/2026-W22/"


def test_what_can_be_no_damage_is_left_alone_and_refused() -> None:
    token = LINKS.token(Purpose.LEAVE, Subject("aB_-0123456789xy"), NOW)
    for other in (f"{token}x", token[:-1], f"x{token[1:]}", f"{token}_"):
        assert mended(f"/leave/{other}") == f"/leave/{other}"
        assert isinstance(LINKS.read(Purpose.LEAVE, other, NOW), Refused)
