"""Admission: whose joining the pages take. It goes by the domain alone, so it tells nobody who is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from subscribers.addresses import Address, AddressRefused, read_domain

ANY_SUBDOMAIN = "*."


class JoinPolicy(StrEnum):
    """Who may join on the pages."""

    OPEN = "open"
    DOMAINS = "domains"  # whoever has an address at one of these domains
    INVITED = "invited"  # whoever has an invitation that still counts
    CLOSED = "closed"  # nobody; imports and additions by admins always work


@dataclass(frozen=True, slots=True)
class Admission:
    """The policy; `domains` as `read_join_domain` gives them."""

    policy: JoinPolicy = JoinPolicy.OPEN
    domains: Sequence[str] = ()

    @property
    def needs_invitation(self) -> bool:
        return self.policy is JoinPolicy.INVITED

    @property
    def is_closed(self) -> bool:
        return self.policy is JoinPolicy.CLOSED

    @property
    def has_form(self) -> bool:
        """Whether the form to join is open without an invitation."""
        return not self.is_closed and not self.needs_invitation

    def admits(self, address: Address) -> bool:
        """Whether the policy leaves room for an address; by its domain alone."""
        if self.policy is not JoinPolicy.DOMAINS:
            return True
        return any(_holds(domain, address.domain) for domain in self.domains)


def read_join_domain(text: str) -> str:
    """``example.org``, or ``*.example.org`` for every subdomain, as punycode; AddressRefused otherwise."""
    text = text.strip()
    domain = text.removeprefix("@").removeprefix(ANY_SUBDOMAIN)
    if "*" in domain:
        raise AddressRefused(f"{text!r} is not a domain: *. may stand at its beginning alone")
    is_wide = text.removeprefix("@").startswith(ANY_SUBDOMAIN)
    return f"{ANY_SUBDOMAIN * is_wide}{read_domain(domain)}"


def _holds(domain: str, other: str) -> bool:
    if domain.startswith(ANY_SUBDOMAIN):
        return other.endswith(domain.removeprefix("*"))
    return other == domain
