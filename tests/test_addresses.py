"""Addresses: which are refused, which spellings are one, and what the database keeps instead of them."""

import pytest
from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st

from subscribers.addresses import AddressRefused, KeyedHash, as_kept, clean_name, read_address, read_domain
from tests.cases import every

LOCAL = st.text("abcXYZ019._+-'\"() ä", min_size=1, max_size=70)
DOMAIN = st.sampled_from(("example.org", "EXAMPLE.org", "bücher.example", "localhost", "a b.org", ""))


@given(LOCAL, DOMAIN)
def test_the_short_way_says_what_the_validator_says(local: str, domain: str) -> None:
    text = f"{local}@{domain}".strip()
    try:
        expected = validate_email(
            text, check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True
        ).ascii_email
    except ValueError:
        with pytest.raises(AddressRefused, match="is not an e-mail address"):
            read_address(text)
    else:
        assert read_address(text).spelled == expected


@pytest.mark.parametrize("text", [" ADA@example.org", "ada@EXAMPLE.ORG ", "Ada@Example.Org"])
def test_spellings_of_an_address_have_one_key(text: str) -> None:
    assert read_address(text).key == "ada@example.org"


def test_an_international_domain_is_one_in_both_its_spellings() -> None:
    unicode, ascii_ = (
        read_address(f"ada@{domain}") for domain in ("bücher.example", "xn--bcher-kva.example")
    )
    assert unicode == ascii_
    assert unicode.domain == "xn--bcher-kva.example"


def test_a_part_before_the_at_sign_that_few_servers_take_is_refused() -> None:
    with pytest.raises(AddressRefused, match="Internationalized"):
        read_address("jösé@example.org")


def test_an_endless_address_is_refused_shortly() -> None:
    with pytest.raises(AddressRefused) as refused:
        read_address("a" * 1_000_000 + "@example.org")
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("text", ["@Example.org", " example.ORG "])
def test_a_domain_reads_with_and_without_the_at_sign(text: str) -> None:
    assert read_domain(text) == "example.org"


def test_a_name_loses_what_could_hide_or_break_something() -> None:
    assert clean_name(" Ada\r\nBcc: x \u202egro\x00 \ud800") == "Ada Bcc: x gro"
    assert clean_name("\t\x07 ") is None


def test_a_hash_depends_on_its_key_its_kind_and_its_value() -> None:
    one = KeyedHash(("a" * 32,))
    hashes = {one.of("x", "v"), one.of("y", "v"), one.of("x", "w"), KeyedHash(("b" * 32,)).of("x", "v")}
    assert len(hashes) == 4
    assert one.of("x", "v") in KeyedHash(("a" * 32, "b" * 32)).all_of("x", "v")


def test_without_a_key_nothing_is_hashed() -> None:
    with pytest.raises(ValueError, match="without the secret keys"):
        KeyedHash(()).of("x", "v")


@pytest.mark.parametrize("local", ["a" * 65, "o'neil" + "a" * 60, "a." * 32 + "ab"])
def test_a_part_before_the_at_sign_that_no_server_takes_is_refused(local: str) -> None:
    with pytest.raises(AddressRefused, match="too long before the @-sign"):
        read_address(f"{local}@example.org")
    assert read_address(f"{'a' * 64}@example.org")


@every(
    ("typed", "kept"),
    [
        ("ADA@M\u00fcnchen.DE", "ada@xn--mnchen-3ya.de"), (" m\u00fcnchen.de", "xn--mnchen-3ya.de"),
        ("ada@", "ada@"), ("Ada", "ada"), ("\u00fc", "xn--tda"), ("\u00fc@", "\u00fc@"),
    ],
)  # fmt: skip
def test_what_somebody_looks_for_is_written_as_addresses_are_kept(typed: str, kept: str) -> None:
    assert as_kept(typed) == kept
