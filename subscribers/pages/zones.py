"""The options of a time zone's select."""

from functools import cache

from markupsafe import Markup, escape

from subscribers.preferences import time_zones


def zone_options(chosen: str) -> Markup:
    """The options of the time zone's select. They are the same on every page but for one word."""
    options, option = _zone_options(), f'value="{escape(chosen)}"'
    if option not in options:
        options = f"<option {option}>{escape(chosen)}</option>{options}"
    return Markup(options.replace(option, f"{option} selected", 1))  # noqa: S704 - every name was escaped


@cache
def _zone_options() -> str:
    regions: dict[str, list[str]] = {"": ['<option value="UTC">UTC</option>']}
    for zone in time_zones():
        region, _, place = zone.partition("/")
        if place and region not in {"Etc", "SystemV", "posix", "right"}:
            name = escape(place.replace("_", " ").replace("/", ", "))
            regions.setdefault(region, []).append(f'<option value="{escape(zone)}">{name}</option>')
    return "".join(
        f'<optgroup label="{escape(region)}">{"".join(options)}</optgroup>' if region else options[0]
        for region, options in regions.items()
    )
