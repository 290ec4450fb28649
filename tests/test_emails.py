"""E-mails, judged from outside: html5lib reads the HTML, the email package and raw bytes the message.

UPDATE_EXPECTED=1 make test    writes tests/expected/ anew; read the difference before you commit it.
"""

import datetime as dt
import email
import itertools
import os
import quopri
import random
import re
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from email.message import EmailMessage
from email.policy import default as modern
from functools import cache
from pathlib import Path
from typing import Any

import html5lib
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.briefs.claims import Citation, Claim
from service.briefs.metadata import SectionCount
from service.briefs.model import Brief, CatalogEntry, Revision
from service.emails import (
    HTML_LIMIT,
    EmptyEdition,
    Level,
    Recipient,
    RenderedEdition,
    RenderedIssue,
    Renderer,
)
from service.emails.checks import problems
from service.emails.facts import basis, run_lines
from service.emails.fragments import MARKS
from service.emails.messages import ReaderPlaceholder, mailbox, unstructured
from service.emails.paragraphs import Segment, segments
from service.emails.plaintext import RULE, WIDTH, width, wrap
from service.emails.quoting import Piece
from service.emails.renderer import SLACK, Page, has_contents
from service.emails.sentences import SUBJECT, subject_values, words_of
from service.emails.views import TopicView
from service.language import shown
from subscribers.preferences import Length
from tests.argued_briefs import METADATA, argued, argued_issue
from tests.briefs_for_emails import BUILT, SENDER, brief, entry, issue, recipient
from tests.cases import every

ROOT = Path(__file__).parents[1]
EXPECTED = Path(__file__).parent / "expected"
TOPICS = (
    "LLM Post-Train",
    "Agents & Tools",
    "Speech <fast>",
    "Causality",
    "Graphs",
    "Robots",
    "Vision",
    "Law",
    "Bio",
    "Art",
)
HOSTILE = (
    "<script>alert(1)</script>",
    "</mj-text></mj-column></mjml>",
    "<b>never closed <i>",
    "{{ 7*7 }} {% raw %} {# note #}",
    "%MANAGE% slot-manage-slot <!--/topic--><!--entry-->",
    "-- & &amp; &lt;b&gt; &#60;",
    "]]> <![CDATA[ <!-- --> --!>",
    "quotes \" ' ` and =?utf-8?q?words?=",
    "mirrored \u202eevil\u202c and zero\u200bwidth \ufeffmarks",
    "controls \x00 \x08 \x1b[31m \x85 \u2028 and a lone \ud800",
    "lines\r\nBcc: someone@example.org\r\n\r\n.\r\n",
    r"$\alpha$ and \textbf{broken and $x_{",
    r"\input{/etc/passwd} \def\a{\a}\a " + "\\" * 50,
    "From me\n> quoted",
    "word " * 4000,
    "x" * 20_000,
    "漢字 👩‍💻 עברית ü",
)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(SENDER, ROOT / "templates")


@pytest.fixture(scope="module")
def printed(renderer: Renderer) -> RenderedIssue:
    """Ten topics, every second one argued, the others of 77 papers and wordy, and a quiet one."""
    briefs = [
        brief(slug(name), name, words=4) if n % 2 else argued(slug(name), name)
        for n, name in enumerate(TOPICS)
    ]
    return renderer.render_issue(issue(*briefs, brief("quiet", "Quiet & Rare", papers=0)))


@pytest.fixture(scope="module")
def ten(renderer: Renderer) -> RenderedIssue:
    """Ten topics of three to twelve papers."""
    return renderer.render_issue(
        issue(*(brief(slug(name), name, papers=3 + n) for n, name in enumerate(TOPICS)))
    )


@pytest.fixture(scope="module")
def small(renderer: Renderer) -> RenderedIssue:
    return renderer.render_issue(issue(brief(papers=9), brief("agents", "Agents & Tools", papers=4)))


@pytest.fixture(scope="module")
def telling(renderer: Renderer) -> RenderedIssue:
    """Three topics that argue."""
    return renderer.render_issue(argued_issue(3))


@pytest.fixture
def one(small: RenderedIssue) -> RenderedEdition:
    return small.edition(["llm-post-train"])


def slug(name: str) -> str:
    return re.sub(r"[^a-z]+", "-", name.lower())


def whole(renderer: Renderer, edition: RenderedEdition) -> tuple[str, str]:
    """HTML and plaintext of an edition as Jinja, MJML and premailer render them in one go."""
    page = at_levels(renderer, edition, edition.levels)
    return MARKS.sub("", page.html), page.text


def at_levels(renderer: Renderer, edition: RenderedEdition, levels: Sequence[Level]) -> Page:
    part = edition.edition
    views = [renderer.view(part.issue, each, level) for each, level in zip(part.briefs, levels, strict=True)]
    links = {placeholder: recipient().fills(placeholder) for placeholder in ReaderPlaceholder}
    words = words_of(part, levels)
    return renderer.page(part.issue, views, words, several=has_contents(levels), links=links)


def elements(html: str) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    return [(str(e.tag), tuple(sorted((str(k), v) for k, v in e.attrib.items()))) for e in tree.iter()]


def visible_text(html: str) -> str:
    body = html5lib.parse(html, namespaceHTMLElements=False).find("body")
    return " ".join("".join(body.itertext()).split())


def parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=modern)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def header_lines(content: bytes) -> list[str]:
    return content.split(b"\r\n\r\n", 1)[0].decode("ascii").split("\r\n")


# Composing


def test_every_composed_edition_is_what_rendering_it_whole_gives(
    renderer: Renderer, printed: RenderedIssue
) -> None:
    chance = random.Random(20)
    slugs = [each.topic_slug for each in printed.issue.briefs]
    for count in (1, 1, 2, 3, 4, 5, 7, 10):
        for length in Length:
            edition = printed.edition([*chance.sample(slugs[:-1], count), "quiet"], length)
            html, text = whole(renderer, edition)
            assert edition.html(recipient()) == html
            assert edition.text(recipient()) == text


def test_fifty_random_sets_of_topics_compose_to_what_rendering_them_whole_gives(
    renderer: Renderer, ten: RenderedIssue
) -> None:
    chance = random.Random(50)
    levels, slugs = list(Level), [each.topic_slug for each in ten.issue.briefs]
    for _ in range(50):
        some = ten.issue.for_topics(chance.sample(slugs, chance.randint(1, 5)), chance.choice(list(Length)))
        edition = ten._composed(some, chance.choices(levels, k=len(some.briefs)))
        assert (edition.html(recipient()), edition.text(recipient())) == whole(renderer, edition)


def test_every_level_composes_to_what_rendering_it_whole_gives(
    renderer: Renderer, printed: RenderedIssue
) -> None:
    some = printed.issue.for_topics([slug(name) for name in TOPICS[:3]])
    for level in Level:
        edition = printed._composed(some, [level] * 3)
        assert (edition.html(recipient()), edition.text(recipient())) == whole(renderer, edition)


def test_printing_twice_gives_the_same_bytes(renderer: Renderer, small: RenderedIssue) -> None:
    again = renderer.render_issue(small.issue).edition(["agents"])
    assert again.message(recipient(), BUILT) == small.edition(["agents"]).message(recipient(), BUILT)


def test_the_e_mail_is_headed_with_the_newsletters_own_name(small: RenderedIssue) -> None:
    ours = Renderer(replace(SENDER, name="Lesekreis <Küste> & Co"), ROOT / "templates")
    edition = ours.render_issue(small.issue).edition(["agents"])
    assert edition.text(recipient()).startswith("LESEKREIS <KÜSTE> & CO\n")
    assert re.search(
        r'<h1 class="mast"[^>]*>Lesekreis &lt;Küste&gt; &amp; Co</h1>', edition.html(recipient())
    )


def test_an_edition_of_quiet_topics_is_refused(printed: RenderedIssue) -> None:
    with pytest.raises(EmptyEdition, match="2026-W21"):
        printed.edition(["quiet", "unknown"])


def test_a_topic_that_cannot_be_rendered_is_named(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(brief("a", papers=2), overview=None)  # type: ignore[arg-type] # as a bug would make it
    with pytest.raises(RuntimeError, match="issue 2026-W21, topic a, level FULL"):
        renderer.render_issue(issue(broken))


# The size budget


def longest_links() -> Recipient:
    url = f"https://brief.example.org/{'a' * 274}"
    longest = replace(recipient(), manage_url=url, leave_url=url, one_click_url=url, web_url=url)
    return replace(longest, respond_url=url[:200])


def test_no_set_of_topics_is_over_the_limit(printed: RenderedIssue) -> None:
    slugs = [slug(name) for name in TOPICS]
    for count in range(1, 11):
        for topics in itertools.combinations(slugs, count):
            assert printed.edition(topics).html_bytes <= HTML_LIMIT
            assert printed.edition(topics, Length.SHORT).html_bytes <= HTML_LIMIT


def test_the_longest_links_stay_inside_what_was_counted(printed: RenderedIssue) -> None:
    for count in (1, 2, 3, 10):
        edition = printed.edition([slug(name) for name in TOPICS[:count]])
        assert len(edition.html(longest_links()).encode()) <= edition.html_bytes <= HTML_LIMIT


@pytest.mark.parametrize("count", [2, 3, 4, 9])
def test_no_topic_could_be_shown_at_a_richer_level(printed: RenderedIssue, count: int) -> None:
    edition = printed.edition([slug(name) for name in TOPICS[:count]])
    ladder = list(Level)
    for place, level in enumerate(edition.levels):
        if level is Level.FULL:
            continue
        richer = [*edition.levels]
        richer[place] = ladder[ladder.index(level) - 1]
        assert printed._composed(edition.edition, richer).html_bytes > HTML_LIMIT - 2 * SLACK


def test_room_that_is_left_makes_the_first_topics_richer(printed: RenderedIssue) -> None:
    edition = printed.edition([slug(name) for name in TOPICS[:4]])
    places = [list(Level).index(level) for level in edition.levels]
    assert places[0] < places[-1]


def test_plaintext_shows_as_much_as_the_html(printed: RenderedIssue) -> None:
    for length in Length:
        edition = printed.edition([slug(name) for name in TOPICS[:9]], length)
        assert problems(edition, recipient(), BUILT) == ()
        assert len(edition.text(recipient()).encode()) < edition.html_bytes


def test_a_shortened_topic_says_what_is_left_out_and_links_to_it(printed: RenderedIssue) -> None:
    edition = printed.edition([slug(name) for name in TOPICS[:5]])
    html = edition.html(recipient())
    cut = [level for level in edition.levels if level is not Level.FULL]
    assert visible_text(html).count("Left out here: ") == cut.count(Level.DIGEST)
    assert visible_text(html).count("The whole brief with all its papers") == len(cut) - cut.count(
        Level.DIGEST
    )
    for name in TOPICS[:5]:
        assert f'href="https://brief.example.org/issues/2026-W21/{slug(name)}"' in html


def test_each_section_is_shown_or_said_to_be_left_out() -> None:
    revised = Revision("2605.00001", 2, "An earlier paper", "https://arxiv.org/abs/2605.00001")
    view = TopicView(replace(argued(), revisions=(revised,)), Level.DIGEST, "https://brief.example.org")
    said = {
        "methods": "methods", "notable": "the notable papers", "news": "what is new",
        "challenges": "challenges", "overview": "the overview", "reading_order": "the reading order",
        "glossary": "the glossary", "catalog": "all 40 papers",
        "revisions": "new versions of earlier papers",
    }  # fmt: skip
    for section, words in said.items():
        assert bool(getattr(view, section)) != (words in view.left_out), section


def test_one_topic_comes_whole_but_for_a_long_catalog(printed: RenderedIssue, one: RenderedEdition) -> None:
    long = printed.edition([slug(TOPICS[0])])
    assert (long.level, long.length) == (Level.FULL, Length.FULL)
    assert "All 40 papers, with authors and one line each, are on the web." in visible_text(
        long.html(recipient())
    )
    assert "9 papers, with authors" not in visible_text(one.html(recipient()))
    assert one.text(recipient()).count("https://arxiv.org/abs/") == 9 + 1  # and a new version


def test_who_asked_for_less_gets_it(printed: RenderedIssue) -> None:
    short, minute = (printed.edition([slug(TOPICS[0])], one) for one in (Length.SHORT, Length.MINUTE))
    assert (short.length, minute.length) == (Length.SHORT, Length.MINUTE)
    for edition, there, gone in (
        (short, "Key Research Themes", "Notable"),
        (minute, "In a minute", "Themes"),
    ):
        said = visible_text(edition.html(recipient()))
        assert there in said
        assert gone not in said
        assert f"https://brief.example.org/issues/2026-W21/{slug(TOPICS[0])}" in edition.html(recipient())


def test_a_shortened_edition_says_so(printed: RenderedIssue) -> None:
    edition = printed.edition([slug(name) for name in TOPICS])
    assert edition.length is Length.SHORT
    assert "All topics are shortened" in visible_text(edition.html(recipient()))


def test_hundreds_of_topics_come_as_a_list_that_fits(renderer: Renderer) -> None:
    tiny = [brief(f"topic-{n}", f"Topic number {n}", papers=1) for n in range(12)]
    rendered = renderer.render_issue(issue(*tiny))
    many = tuple(replace(tiny[n % 12], topic_slug=f"t{n}") for n in range(600))
    fragments = {
        (each.topic_slug, level): rendered.fragments[f"topic-{n % 12}", level]
        for n, each in enumerate(many)
        for level in Level
    }
    edition = replace(rendered, issue=replace(rendered.issue, briefs=many), fragments=fragments, _editions={})
    cut = edition.edition([each.topic_slug for each in many])
    assert cut.level is Level.CONTENTS
    assert cut.html_bytes <= HTML_LIMIT
    assert "more topics are on the web only" in visible_text(cut.html(recipient()))
    assert len(cut.text(recipient()).encode()) < HTML_LIMIT


# Hostile content


def everywhere(value: Any, text: str, path: str = "") -> Any:
    """A copy of a brief with a text in every field that arXiv, a model or an admin may fill."""
    kept = {
        "topic_slug", "window_label", "paper_id", "paper_ids", "url", "anchor", "kind", "theme", "relation",
        "issue",
        "id", "rests_on", "origin", "judgement", "stored",
    }  # fmt: skip
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name not in kept]
        new = {name: everywhere(getattr(value, name), text, name) for name in names}
        if isinstance(value, CatalogEntry):
            new["handle"] = f"{text[:40]} {value.paper_id[-3:]}"
        return replace(value, **new)
    if isinstance(value, tuple):
        return tuple(everywhere(each, text, path) for each in value)
    return text if isinstance(value, str) else value


@cache
def hostile(renderer: Renderer, text: str) -> RenderedIssue:
    """A topic of each form with the text everywhere."""
    return renderer.render_issue(
        issue(everywhere(argued("a", papers=20), text), everywhere(brief("b", papers=3), text))
    )


@pytest.fixture(scope="module")
def tame(renderer: Renderer) -> dict[bool, RenderedIssue]:
    """By whether the text is long."""
    return {False: hostile(renderer, "tame"), True: hostile(renderer, "tame " * 4000)}


@every("text", HOSTILE)
def test_hostile_text_is_text_and_nothing_else(
    renderer: Renderer, tame: dict[bool, RenderedIssue], text: str
) -> None:
    wild, calm = hostile(renderer, text), tame[len(text) > 300]
    for level in Level:
        made, expected = (
            each._composed(each.issue.for_topics(["a", "b"]), [level] * 2) for each in (wild, calm)
        )
        assert elements(made.html(recipient())) == elements(expected.html(recipient()))
        assert [one for one in problems(made, recipient(), BUILT) if one.check != "size"] == []
        if level is Level.FULL or text == HOSTILE[0]:  # to render one whole takes longer than all the rest
            assert (made.html(recipient()), made.text(recipient())) == whole(renderer, made)
    said = shown(text, 60).rstrip("…")[:50]
    edition = wild.edition(["a", "b"])
    assert said in visible_text(edition.html(recipient()))
    assert "".join(said.split()) in re.sub(r"\s", "", edition.text(recipient()))


@every("text", HOSTILE)
def test_hostile_text_changes_no_header_but_the_subject(
    renderer: Renderer, tame: dict[bool, RenderedIssue], text: str
) -> None:
    both = (each.edition(["a", "b"]) for each in (tame[False], hostile(renderer, text)))
    tame_mail, wild_mail = (parsed(each.message(recipient(), BUILT)) for each in both)
    assert tame_mail.keys() == wild_mail.keys()
    fixed = set(tame_mail.keys()) - {"Subject", "Content-Type", "Feedback-ID"}  # the last says the length
    assert {name: tame_mail[name] for name in fixed} == {name: wild_mail[name] for name in fixed}
    assert [part.get_content_type() for part in wild_mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_subscriber_name_changes_nothing_but_the_name(one: RenderedEdition, text: str) -> None:
    tame, wild = (one.message(recipient(name), BUILT) for name in ("Ada Example", text))
    assert wild.partition(b"\r\n\r\n")[2] == tame.partition(b"\r\n\r\n")[2]
    mails = [parsed(each) for each in (tame, wild)]
    assert mails[0].keys() == mails[1].keys()
    assert [each.addr_spec for each in mails[1]["To"].addresses] == ["ada@example.org"]
    assert {name for name in mails[0] if mails[0][name] != mails[1][name]} <= {"To"}


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", 'https://arxiv.org/"onclick=', "https://a b", "data:text/html,x"]
)
def test_a_paper_with_an_unsafe_link_is_named_without_it(renderer: Renderer, url: str) -> None:
    catalog = tuple(replace(each, url=url) for each in brief(papers=3).catalog)
    html = (
        renderer.render_issue(issue(replace(brief(papers=3), catalog=catalog)))
        .edition(["llm-post-train"])
        .html(recipient())
    )
    assert url not in html
    assert "QuillRL" in visible_text(html)


# What is shown


@every(
    ("tex", "plain"),
    [
        (r"$\alpha$-divergence at $10^{-3}$", "α-divergence at 10⁻³"),
        (r"$O(n \log n)$ for $x_i^2$", "O(n log n) for x_i²"),
        (r"5\% better than \emph{all} of Schr\"odinger's", "5% better than all of Schrödinger's"),
        (r"\textsc{Foo}~2 and \ourmethod beat \mark{this}", "Foo 2 and ourmethod beat this"),
        (r"see \href{https://example.org/x}{the code} \cite{abc}", "see the code"),
        (r"$\left( x", "$( x"),
        ("costs $5 and $6 each, 77% of a & b # c", "costs $5 and $6 each, 77% of a & b # c"),
        ("a{b} {{ c }} C_d ^e ~f {1, 2}", "ab {{ c }} C_d ^e ~f {1, 2}"),
        ("safety--utility, first -- then --- more", "safety–utility, first – then — more"),
        ("run --fast with A* and D* or x**2 * 3", "run --fast with A* and D* or x**2 * 3"),
        ("**Bold** **T**ests, *some* words", "Bold Tests, some words"),
        ("``quoted'' and “**Cut", "“quoted” and “Cut"),
    ],
)  # fmt: skip
def test_tex_is_shown_as_unicode(tex: str, plain: str) -> None:
    assert shown(tex) == plain


def test_bidi_and_invisible_characters_are_not_shown() -> None:
    assert shown("a\u202eb\u2066c\u200bd\u00ade\ufefff\x07g\u2028h\ud800") == "abcdefg h"


@given(st.text(alphabet=st.characters() | st.sampled_from("\\${}^_%&~ab"), max_size=80))
def test_any_text_can_be_shown(text: str) -> None:
    said = shown(text, 60)
    assert len(said) <= 60
    assert said.isprintable()
    said.encode()


def test_a_long_text_is_cut_at_a_word() -> None:
    assert shown("several words here that go on", 20) == "several words here…"
    assert len(shown("x" * 20_000, 200)) == 200


@every("limit", range(8, 70, 3))
def test_a_quotation_that_is_cut_is_closed(limit: int) -> None:
    text = "The authors propose “a framework of “many gates” and a word that nobody could ever cut”."
    cut = shown(text, limit)
    assert len(cut) <= limit
    assert cut.count("“") == cut.count("”")


def test_every_level_opens_as_many_quotations_as_it_closes(renderer: Renderer) -> None:
    long = f"The authors propose “{'many gates that open one after another ' * 30}”."
    made = replace(brief(papers=9), note=long)
    made = replace(made, catalog=tuple(replace(one, line=long) for one in made.catalog))
    edition = renderer.render_issue(issue(made)).edition([made.topic_slug])
    pages = [at_levels(renderer, edition, [level]) for level in Level]
    for text in (part for page in pages for part in (page.html, page.text)):
        assert text.count("“") == text.count("”")
    assert "…”" in pages[0].html


def test_one_paper_is_counted_as_one(renderer: Renderer) -> None:
    made = brief(papers=1)
    made = replace(made, metadata=replace(made.metadata, recalled=1, analysed=1))
    edition = renderer.render_issue(issue(made)).edition(["llm-post-train"])
    for text in whole(renderer, edition):
        assert "Written from 1 abstract." in " ".join(text.split())


def claims_segments(text: str, *handles: str) -> tuple[Segment, ...]:
    entries = {f"26.{n}": replace(entry(n), handle=handle) for n, handle in enumerate(handles)}
    return segments(Claim(text, tuple(Citation(paper_id, "") for paper_id in entries)), entries)


def test_every_handle_of_a_cited_paper_is_linked_the_longest_first() -> None:
    parts = claims_segments("OPPO and OPPO-2 (not OPPOSE) differ", "OPPO", "OPPO-2")
    linked = [(part.text, part.paper_id) for part in parts if part.paper_id]
    assert linked == [("OPPO", "26.0"), ("OPPO-2", "26.1")]
    assert "".join(part.text for part in parts) == "OPPO and OPPO-2 (not OPPOSE) differ"


def test_a_claim_that_names_none_of_its_papers_gets_their_handles() -> None:
    parts = claims_segments("Five papers share it.", "A1", "B2", "C3", "D4", "E5")
    assert "".join(part.text for part in parts) == "Five papers share it (A1, B2, C3 and 2 more)."


# The HTML


def test_the_html_is_in_standards_mode_and_asks_nothing_of_the_network(one: RenderedEdition) -> None:
    html = one.html(recipient())
    assert html.startswith("<!DOCTYPE html>")
    assert "<mj-" not in html
    assert "slot-" not in html
    assert not re.search(r"<(?:img|link|script|iframe|object)\b|@import|url\(|fonts\.googleapis", html)


def test_headings_go_down_one_step_at_a_time(printed: RenderedIssue) -> None:
    html = printed.edition([slug(name) for name in TOPICS[:2]]).html(recipient())
    levels = [int(tag[1]) for tag, _ in elements(html) if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_table_has_header_cells_and_all_others_are_layout(telling: RenderedIssue) -> None:
    html = telling.edition(["topic-0"]).html(recipient())
    tables = list(html5lib.parse(html, namespaceHTMLElements=False).iter("table"))
    (data,) = [each for each in tables if each.get("role") != "presentation"]
    scopes = [cell.get("scope") for cell in data.iter("th")]
    assert scopes == ["col"] * 2 + ["rowgroup"] * 6
    assert len(list(data.iter("tbody"))) == 6


def test_links_to_topics_lead_to_topics(small: RenderedIssue) -> None:
    found = elements(small.edition(["llm-post-train", "agents"]).html(recipient()))
    ids = {attributes["id"] for _, pairs in found if "id" in (attributes := dict(pairs))}
    anchors = {href[1:] for _, pairs in found if (href := dict(pairs).get("href", "")).startswith("#")}
    assert anchors == ids == {"topic-llm-post-train", "topic-agents", "contents"}


def test_each_of_several_topics_ends_with_a_way_back_to_the_contents(
    telling: RenderedIssue, one: RenderedEdition
) -> None:
    assert telling.edition(["topic-0", "topic-1"]).html(recipient()).count('href="#contents"') == 2
    assert 'href="#contents"' not in one.html(recipient())


def test_the_top_holds_one_link_of_the_readers_own_and_the_foot_the_others(telling: RenderedIssue) -> None:
    edition, reader = telling.edition(["topic-0", "topic-1"]), recipient()
    for text in (edition.html(reader), edition.text(reader)):
        assert text.index(reader.web_url) < text.index("TernStep")
        for url in (reader.manage_url, reader.leave_url):
            assert text.index(url) > text.rindex("GirderRubric")


def test_a_finding_stands_on_the_first_screen(telling: RenderedIssue) -> None:
    for length in Length:
        edition = telling.edition([f"topic-{n}" for n in range(3)], length)
        said = visible_text(re.sub(r"<!--.*?-->", "", edition.html(recipient())))
        body = said[said.index("The arXiv Education Brief") :]  # behind the hidden preheader
        assert len(body[: body.index("38% fewer rollouts")].split()) < 60


# The form


def plain(edition: RenderedEdition) -> str:
    return " ".join(edition.text(recipient()).split())


def test_readings_are_told_by_type_and_by_a_word_once_in_a_run(telling: RenderedIssue) -> None:
    edition = telling.edition(["topic-0"])
    tree = html5lib.parse(edition.html(recipient()), namespaceHTMLElements=False)
    readings = ["".join(each.itertext()) for each in tree.iter("i")]
    at = next(i for i, one in enumerate(readings) if one.startswith("Reading: The headline gain"))
    assert readings[at + 1].startswith("Log the variance")  # goes on: no second word
    assert "So: run more seeds before more ideas." in readings
    assert sum(one.startswith("Reading:") for one in readings) == plain(edition).count("Reading: ") < 15


def test_a_setting_stands_small_before_the_full_stop(telling: RenderedIssue) -> None:
    edition = telling.edition(["topic-0"])
    assert re.search(r"ten seeds <small[^>]*>\(7B, same code\)</small>\.", edition.html(recipient()))
    assert "within the spread of ten seeds (7B, same code)." in plain(edition)


def test_a_fact_that_goes_on_about_a_paper_does_not_name_it_again() -> None:
    held = argued()
    first, second = (replace(claim, text=text, setting="") for claim, text in zip(
        held.themes[0].claims[:2], ("TernStep pays for steps.", "It saves rollouts."), strict=True
    ))  # fmt: skip
    themes = (replace(held.themes[0], thesis=None, claims=(held.themes[1].claims[0], first, second)),)
    view = TopicView(replace(held, themes=themes), Level.FULL, "https://brief.example.org")
    assert view.plain(view._said.of((first, second))).endswith("[1] pays for steps. It saves rollouts.")
    assert view.plain(view._said.of((second,))) == "It saves rollouts (TernStep\u00a0[1])."


def test_a_number_stands_behind_a_possessive_and_skip_says_unless_once(telling: RenderedIssue) -> None:
    said = plain(telling.edition(["topic-0"]))
    assert "Grade UmbraRubric's [9] answers" in said
    assert "* Skip: PackRat [18] unless" in said


def test_badges_and_true_lengths_come_from_the_authors_comments(telling: RenderedIssue) -> None:
    said = plain(telling.edition(["topic-0"]))
    assert "TernStep [1]: step rewards that a verifier pays for (14 pp. · ICML 2026 · code)" in said
    assert "To doubt a gain: HarborNoise [2] (11 pp.), QuillSeq [5] (9 pp.)" in said
    assert " min)" not in said


def test_what_a_brief_lacks_is_left_out(renderer: Renderer) -> None:
    bare = replace(argued(), methods=(), challenges=(), glossary=(), news=type(argued().news)())
    said = plain(renderer.render_issue(issue(bare)).edition([bare.topic_slug]))
    for words in ("METHODOLOGICAL", "CHALLENGES", "GLOSSARY", "WHAT IS NEW", "None"):
        assert words not in said
    assert (
        "Trade-off:"
        not in plain(renderer.render_issue(issue(argued())).edition(["llm-post-train"]))
        .split("2. Rubrics with")[1]
        .split("3. Anchors")[0]
    )


def test_a_thread_leads_to_the_earlier_brief_and_a_strange_label_to_nothing(renderer: Renderer) -> None:
    held = argued()
    view = renderer.view(issue(held), held, Level.FULL)
    assert [one.earlier[0].issue.url for one in view.news.threads] == [
        f"https://brief.example.org/issues/2026-W{week}/llm-post-train" for week in (19, 20)
    ]
    (thread, *_), (earlier, *_) = held.news.threads, held.news.threads[0].earlier
    strange = replace(thread, earlier=(replace(earlier, issue='2026-W19"><b>'),))
    news = replace(held.news, threads=(strange,))
    view = renderer.view(issue(held), replace(held, news=news), Level.FULL)
    assert view.news.threads[0].earlier[0].issue.url is None


def test_the_basis_is_said_once_with_what_untested_means(telling: RenderedIssue) -> None:
    full, minute = (telling.edition(["topic-0"], length) for length in (Length.FULL, Length.MINUTE))
    assert plain(full).count("Written from 40 abstracts, chosen from 96; 20 are named. “Untested” means") == 1
    assert "Untested" not in plain(minute)
    assert "recordings" in basis(argued(), says_untested=False, is_whole=True)


def test_run_metadata_says_who_wrote_and_who_checked_in_plain_words() -> None:
    lines = list(run_lines(METADATA, whole=False))
    assert lines[0].startswith(
        "Written by the language model invented-large-1, prompt 9f2c; its answers are rec"
    )
    assert lines[2] == "Of 74 sentences compared 64 held as written, 6 were repaired and 4 dropped."
    (own, *_) = run_lines(brief(papers=2).metadata, whole=False)
    assert own.endswith("without a language model.")
    whose = (
        SectionCount("In a minute", 4, 0),
        SectionCount("Glossary", 0, 2),
        SectionCount("Catalog", 30, 10),
    )
    lines = list(run_lines(replace(METADATA, sections=whose), whole=False))
    assert lines[1] == (
        "By the program: Glossary; by both: Catalog (30 and 10 lines); every other section is the model’s."
    )


def test_a_brief_without_a_minute_shows_its_first_themes_in_its_place(small: RenderedIssue) -> None:
    said = plain(small.edition(["llm-post-train"], Length.MINUTE))
    assert said.count("3. ") == 1
    assert "4. " not in said


def test_a_thin_week_is_a_plain_list_of_its_papers(renderer: Renderer) -> None:
    thin = replace(brief(papers=4), themes=(), methods=(), trends=(), challenges=(), notable=())
    said = plain(renderer.render_issue(issue(thin)).edition(["llm-post-train"]))
    assert "A thin week. Written from 4 abstracts" in said
    assert re.search("PAPER CATALOG -+ All papers \\(4\\)", said)
    assert "THEMES" not in said


def own_styles(html: str, tags: str) -> list[str]:
    """What elements say in their own style attribute: a client that drops <style> sees nothing else."""
    return [dict(pairs).get("style", "") for tag, pairs in elements(html) if re.fullmatch(tags, tag)]


def test_headings_are_bold_and_links_underlined_without_a_style_sheet(telling: RenderedIssue) -> None:
    html = telling.edition(["topic-0", "topic-1"]).html(recipient())
    assert all(re.search("font-weight: ?bold", style) for style in own_styles(html, "h[1-4]"))
    assert all(re.search("text-decoration: ?underline", style) for style in own_styles(html, "a"))


def test_no_border_is_a_bar_in_the_colour_of_the_page(telling: RenderedIssue) -> None:
    """Dark readers take backgrounds away and leave borders: a light one would glare."""
    html = telling.edition(["topic-0", "topic-1"]).html(recipient())
    borders = [
        found for style in own_styles(html, ".*") for found in re.findall(r"(\d+)px solid (\S+)", style)
    ]
    assert {int(pixels) for pixels, _ in borders} == {1, 4}
    assert not {colour.strip(";").lower() for _, colour in borders} & {"#f3f1ec", "#ffffff", "#fff"}


def test_the_preheader_is_hidden_and_has_no_colour_and_size_of_its_own(one: RenderedEdition) -> None:
    (style,) = [style for style in own_styles(one.html(recipient()), "div") if "display:none" in style]
    assert not re.search("color|font-size|opacity", style)


def test_why_stands_under_its_column_head_and_is_not_said_again(telling: RenderedIssue) -> None:
    edition = telling.edition(["topic-0"])
    assert "Why:" not in visible_text(edition.html(recipient()))


@pytest.mark.parametrize(
    ("topics", "length", "most"),
    [(1, "full", 2_300), (1, "short", 600), (3, "short", 1_500), (3, "minute", 750)],
)
def test_an_edition_has_no_more_words_than_its_length_promises(
    telling: RenderedIssue, topics: int, length: Length, most: int
) -> None:
    edition = telling.edition([f"topic-{n}" for n in range(topics)], Length(length))
    assert len(edition.text(recipient()).split()) <= most


def test_dark_mode_and_cards_survive_the_inliner(one: RenderedEdition) -> None:
    html = one.html(recipient())
    assert "@media (prefers-color-scheme: dark)" in html
    assert "color: #dfe3e8 !important" in html
    assert '<meta name="color-scheme" content="light dark"' in html


def test_a_reader_is_told_why_and_of_quiet_topics(printed: RenderedIssue) -> None:
    text = visible_text(printed.edition([slug(TOPICS[1]), "quiet"]).html(recipient()))
    assert "because you follow Agents & Tools and Quiet & Rare." in text
    assert "No new papers this time on Quiet & Rare." in text
    assert "Thank you to arXiv for use of its open access interoperability." in text


# Plaintext


def test_plaintext_lines_are_clean_and_fit(printed: RenderedIssue) -> None:
    for count in (1, 3, 10):
        text = printed.edition([slug(name) for name in TOPICS[:count]]).text(recipient())
        for line in text.split("\n"):
            assert width(line) <= WIDTH or "https://" in line
            assert not re.fullmatch(r"[=-]+", line) or len(line) <= RULE
            assert line == line.rstrip()
            assert not line.startswith((">", "From "))


def test_every_number_in_the_plaintext_leads_to_a_link(renderer: Renderer) -> None:
    view = renderer.view(issue(), argued(), Level.FULL)
    text = renderer._plain_fragment(view).body.text
    used = {int(number) for number in re.findall(r"\[(\d+)\]", text.split("LINKS")[0])}
    listed = {int(number) for number in re.findall(r"(?m)^\[(\d+)\] .*https://arxiv", text.split("LINKS")[1])}
    assert used == listed == set(range(1, len(listed) + 1))


def test_html_and_plaintext_have_the_same_sections_in_the_same_order(
    one: RenderedEdition, telling: RenderedIssue
) -> None:
    tree = html5lib.parse(one.html(recipient()), namespaceHTMLElements=False)
    sections = ["".join(each.itertext()).upper() for each in tree.iter("h3")]
    assert [line for line in one.text(recipient()).split("\n") if line in sections] == sections
    assert len(sections) == 9
    argument = html5lib.parse(telling.edition(["topic-0"]).html(recipient()), namespaceHTMLElements=False)
    assert ["".join(each.itertext()) for each in argument.iter("h3")] == [
        "In a minute", "Key Research Themes", "Methodological Approaches", "Notable Papers to Read First",
        "What Is New in This Window", "Challenges and Future Directions", "Concluding Overview", "Glossary",
        "Paper Catalog", "Run Metadata",
    ]  # fmt: skip


@given(st.text(max_size=300), st.integers(0, 6), st.integers(0, 6))
def test_wrapping_loses_nothing_and_never_runs_over(text: str, indent: int, hanging: int) -> None:
    said = shown(text, 300)
    lines = wrap(said, indent, hanging).split("\n")
    assert "".join("".join(lines).split()) == "".join(said.split())
    assert all(width(line) <= WIDTH + 1 for line in lines)


def test_a_word_that_is_too_long_for_its_column_breaks_behind_its_own_hyphens() -> None:
    lines = wrap("Vision-Language-Action models/policies", columns=18).split("\n")
    assert lines == ["Vision-Language-", "Action", "models/policies"]
    assert wrap("Informationtheoretical", columns=18).split("\n") == ["Informationtheoret", "ical"]


# The message


def test_a_message_holds_plaintext_first_and_html_last(one: RenderedEdition) -> None:
    text, html = parsed(one.message(recipient(), BUILT)).iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert text.get_content().replace("\r\n", "\n").rstrip("\n") == one.text(recipient()).rstrip("\n")
    assert html.get_content().replace("\r\n", "\n").rstrip("\n") == one.html(recipient()).rstrip("\n")


@pytest.mark.parametrize("count", [1, 3, 10])
def test_every_line_is_short_ascii_and_ends_in_crlf(printed: RenderedIssue, count: int) -> None:
    content = printed.edition([slug(name) for name in TOPICS[:count]]).message(longest_links(), BUILT)
    head, body = content.split(b"\r\n\r\n", 1)
    assert content.isascii()
    assert content.count(b"\r") == content.count(b"\n") == content.count(b"\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert not any(line.startswith(b"From ") for line in body.split(b"\r\n"))
    assert max(len(line) for line in head.split(b"\r\n") if not line.startswith(b"List-Unsubscribe:")) <= 76


def test_headers_stand_once_and_list_headers_are_raw(one: RenderedEdition) -> None:
    lines = header_lines(one.message(longest_links(), BUILT))
    names = [line.split(":")[0] for line in lines if not line.startswith(" ")]
    assert len(names) == len(set(names))
    assert f"List-Unsubscribe: <{longest_links().one_click_url}>" in lines
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    assert 'List-Id: "The arXiv Education Brief" <brief.example.org>' in lines
    assert not any("=?" in line for line in lines if line.startswith("List-"))


def test_a_message_says_who_when_and_which(one: RenderedEdition) -> None:
    mail = parsed(one.message(recipient(), BUILT))
    assert mail["From"] == "The arXiv Education Brief <brief@mail.example.org>"
    assert mail["To"] == "Ada Example <ada@example.org>"
    assert mail["Date"] == "Sat, 23 May 2026 06:00:00 +0000"
    assert mail["Message-ID"] == f"<{recipient().message_id}>"
    assert mail["Subject"] == one.subject
    assert re.fullmatch(r"2026-W21:full:brief:[a-z0-9]{5,15}", mail["Feedback-ID"])


@pytest.mark.parametrize("length", Length)
def test_the_feedback_id_names_the_length_that_its_reader_asked_for(
    printed: RenderedIssue, length: Length
) -> None:
    for count in (1, 3, 10):  # of ten, not everything fits
        edition = printed.edition([slug(name) for name in TOPICS[:count]], length)
        assert parsed(edition.message(recipient(), BUILT))["Feedback-ID"].split(":")[1] == length


@pytest.mark.parametrize(
    "domain", ["a.io", "mail.example.org", f"{'x' * 63}.{'y' * 63}.{'z' * 63}.example.org"]
)
def test_the_feedback_id_keeps_to_what_providers_read_whatever_the_domain(
    domain: str, small: RenderedIssue
) -> None:
    sender = replace(SENDER, address=f"brief@{domain}", list_id="brief.example.org")
    window = replace(small.issue.window, first=dt.date(2026, 1, 31), last=dt.date(2026, 12, 31))  # no week
    issue = replace(small.issue, label=window.label, window=window)
    message = (
        Renderer(sender, ROOT / "templates")
        .render_issue(issue)
        .edition(["agents"])
        .message(recipient(), BUILT)
    )
    (line,) = re.findall(rb"^Feedback-ID: .*", message, re.MULTILINE)
    *parts, name = line.strip().decode().removeprefix("Feedback-ID: ").split(":")
    assert len(parts) == len(set(parts)) == 3
    assert name.isalnum()
    assert 5 <= len(name) <= 15
    assert len(line.strip()) <= 78


def test_a_reply_address_is_given_where_there_is_one(renderer: Renderer, small: RenderedIssue) -> None:
    sender = replace(SENDER, reply_to="people@example.org")
    edition = Renderer(sender, ROOT / "templates").render_issue(small.issue).edition(["agents"])
    assert parsed(edition.message(recipient(), BUILT))["Reply-To"] == "people@example.org"


def subject_of(*briefs: Brief) -> str:
    values = subject_values(issue(*briefs).for_topics([one.topic_slug for one in briefs]))
    return " · ".join(filter(None, (values["news"], values["names"])))


def test_the_subject_says_the_news_first_and_the_topics_last(small: RenderedIssue) -> None:
    news = "Two of three step-reward gains vanish with ten seeds"
    assert subject_of(argued()) == f"{news} · LLM Post-Train"
    assert subject_of(argued(), brief("agents", "Agents", papers=3)) == f"{news} · LLM Post-Train"
    assert subject_of(replace(argued(), subject="Seeds")) == "Seeds · LLM Post-Train"
    assert subject_of(replace(argued(), subject="Seeds"), brief("b", "B", 3)) == "Seeds · LLM Post-Train, B"
    assert subject_of(replace(argued(), subject="word " * 30)).endswith("word…")
    assert small.edition(["agents"]).subject.startswith("Alignment drift is measured, not assumed: Quil")


def test_no_subject_is_over_70_characters_and_no_preheader_says_it_again(printed: RenderedIssue) -> None:
    for count in range(1, 11):
        edition = printed.edition([slug(name) for name in TOPICS[:count]])
        assert len(edition.subject) <= SUBJECT
        assert edition.preheader
        assert edition.preheader not in edition.subject


def test_two_weeks_with_the_same_first_heading_differ_in_a_phones_list() -> None:
    week = replace(brief(papers=9), themes=(replace(brief(papers=9).themes[0], heading="Tool use"),))
    later = replace(week, notable=week.notable[3:])
    one, other = subject_of(week), subject_of(later)
    assert one[:35] != other[:35]
    assert one == "Tool use: QuillRL, LatticeBench · LLM Post-Train"


@every(
    ("name", "written"),
    [
        ("Ada Example", "Ada Example <a@b.org>"),
        ("Example, Ada", '"Example, Ada" <a@b.org>'),
        ('Ada "Countess" \\ E.', '"Ada \\"Countess\\" \\\\ E." <a@b.org>'),
        ("Dörte Müster", "=?utf-8?q?D=C3=B6rte_M=C3=BCster?= <a@b.org>"),
        ("Eve\r\nBcc: x@example.org", '"Eve Bcc: x@example.org" <a@b.org>'),
        ("=?utf-8?q?x?=", "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?= <a@b.org>"),
        ("", "a@b.org"),
        ("\u202e\u200b", "a@b.org"),
    ],
)
def test_names_are_quoted_or_encoded_only_where_they_must_be(name: str, written: str) -> None:
    assert mailbox(name, "a@b.org") == written


@given(st.text(max_size=90))
def test_any_name_reads_back_and_breaks_no_line(name: str) -> None:
    field = mailbox(name, "a@b.org")
    assert field.isascii()
    assert not re.search(r"[\r\n](?! )|[\x00-\x09\x0b\x0c\x0e-\x1f]", field.replace("\r\n ", " "))
    mail = email.message_from_string(f"To: {field}\r\n\r\n", policy=modern)
    assert [each.addr_spec for each in mail["To"].addresses] == ["a@b.org"]


@given(st.text(alphabet=st.characters() | st.sampled_from("ab  é=?"), max_size=120))
def test_any_subject_reads_back_in_short_lines(text: str) -> None:
    said = shown(text, 120)
    folded = unstructured(said, len("Subject: "))
    assert folded.isascii()
    assert "?==?" not in folded
    mail = email.message_from_string(f"Subject: {folded}\r\n\r\n", policy=modern)
    assert mail["Subject"] == said


LONG_WORDS = st.text(st.sampled_from("aé漢😀=?_И"), min_size=1, max_size=90)


@given(st.lists(LONG_WORDS, min_size=1, max_size=4).map(" ".join))
@example("Исследование языковых моделей: Rewards · 12 papers")
def test_a_header_with_encoded_words_has_no_line_over_76(subject: str) -> None:
    header = f"Subject: {unstructured(subject, len('Subject: '))}"
    if "=?utf-8?q?" in header:
        assert max(map(len, header.split("\r\n"))) <= 76
    assert "?==?" not in header
    assert email.message_from_string(f"{header}\r\n\r\n", policy=modern)["Subject"] == subject


@every(
    "change",
    [
        {"address": "a@b.org\r\nBcc: c@d.org"},
        {"address": "a b@c.org"},
        {"address": "ü@example.org"},
        {"message_id": "<x@y>"},
        {"one_click_url": "https://a/\r\nX: y"},
        {"manage_url": 'https://a/"><b>'},
        {"leave_url": "javascript:alert(1)"},
        {"web_url": "https://a/" + "b" * 300},
    ],
)
def test_a_recipient_who_could_break_out_of_a_header_or_link_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"address|Message-ID|links"):
        replace(recipient(), **change)


@given(st.lists(st.text(alphabet="aé=\n\t .F漢", max_size=160), max_size=5))
def test_joined_pieces_decode_to_joined_text_in_lines_of_76(texts: list[str]) -> None:
    joined = b"".join(Piece(text).quoted for text in texts)
    decoded = quopri.decodestring(joined).replace(b"\r\n", b"\n").decode()
    assert decoded == "".join(texts)
    assert all(len(line) <= 76 and not line.startswith(b"From ") for line in joined.split(b"\r\n"))


def test_no_line_of_a_message_looks_like_the_start_of_another() -> None:
    for pad in range(60, 80):
        quoted = Piece(f"From {'x' * pad} From é").quoted
        assert b"\nFrom " not in b"\n" + quoted
        assert max(map(len, quoted.split(b"\r\n"))) <= 76


# Whole e-mails


@pytest.mark.parametrize(
    ("name", "argues", "slugs", "length"),
    [
        ("one-topic", True, ["topic-0"], Length.FULL),
        ("two-topics-short", True, ["topic-0", "topic-1"], Length.SHORT),
        ("two-topics-minute", True, ["topic-0", "topic-1"], Length.MINUTE),
        ("extractive", False, ["llm-post-train", "agents"], Length.FULL),
    ],
)
def test_whole_emails_are_as_expected(
    small: RenderedIssue, telling: RenderedIssue, name: str, argues: bool, slugs: list[str], length: Length
) -> None:
    edition = (telling if argues else small).edition(slugs, length)
    made = {
        "eml": edition.message(recipient(), BUILT),
        "html": edition.html(recipient()).encode(),
        "txt": edition.text(recipient()).encode(),
    }
    for kind, content in made.items():
        path = EXPECTED / f"{name}.{kind}"
        if os.environ.get("UPDATE_EXPECTED"):
            path.write_bytes(content)
        assert content == path.read_bytes(), f"{path.name} differs; if it should, UPDATE_EXPECTED=1 make test"


@every("length", [1, 5, 6, 12, 20, 39, 40, 64])
@every("letter", ["山", "é", "a", "a é"])
@every("field", ["From", "To"])
def test_a_long_display_name_makes_no_long_line(field: str, letter: str, length: int) -> None:
    lines = f"{field}: {mailbox((letter * length)[:64], 'reader-of-papers@example.org')}".split("\r\n")
    assert max(map(len, lines)) <= 76
    assert all(line.startswith(" ") for line in lines[1:])


@every("size", range(70, 80))
def test_no_line_of_a_body_begins_with_a_dot(size: int) -> None:
    text = f".{'x' * size}\n..\n{'y' * size}.{'.' * size}\n.é"
    quoted = Piece(text).quoted
    assert b"\n." not in b"\n" + quoted
    assert max(map(len, quoted.split(b"\r\n"))) <= 76
    assert quopri.decodestring(quoted).decode().replace("\r\n", "\n") == text
