"""The writer that needs no language model, on invented papers."""

import datetime as dt
from collections import Counter
from dataclasses import replace

from service.briefs import Assignment
from service.briefs.claims import Citation, Claim
from service.briefs.extractive import ExtractiveWriter
from service.briefs.extractive.acronyms import Acronyms, definitions
from service.briefs.extractive.corpus import Corpus, source_of, usual_forms
from service.briefs.extractive.groups import make_groups
from service.briefs.extractive.matters import matters
from service.briefs.extractive.quoting import Quoter, listed
from service.briefs.extractive.roles import (
    against,
    does,
    explains,
    extent,
    figures,
    finds,
    limit,
    problem,
    says,
    says_how,
    sides,
)
from service.briefs.extractive.sections import LIMITS_HEADING, PROBLEMS_HEADING
from service.briefs.extractive.telling import tell
from service.briefs.grounding import check, claims
from service.briefs.measures import words_by_section
from service.briefs.model import Brief
from service.language.phrases import key_of, surface_of
from service.language.sentences import Sentence
from service.papers import Paper, Ranked, Selection, Window
from subscribers.topics import Topic
from tests.cases import every

TOPIC = Topic("gardens", "Gardens", "Gardens and what grows.", ("cs.LG",), ("garden",), ("garden",))
WINDOW = Window.of_week("2026-W23")
NOON = dt.datetime(2026, 6, 2, 12, tzinfo=dt.UTC)
FAMILIES = (
    ("drip irrigation", "soil moisture", "sensor noise", "valves"),
    ("hedge pruning", "cutting schedules", "growth collapse", "blades"),
    ("pest detection", "leaf images", "annotation cost", "cameras"),
    ("seed selection", "germination forecasts", "distribution shift", "trays"),
)
NAMES = (
    "Aster", "Bryony", "Clover", "Dahlia", "Erica", "Fennel", "Geum", "Heath", "Iris", "Juniper", "Kale",
    "Lupin",
)  # fmt: skip


def word(number: int) -> str:
    """An invented word, another for each number."""
    syllables = ("mo", "ri", "va", "ke", "lu", "no", "ta", "si", "be", "du")
    return "".join(syllables[int(digit)] for digit in f"{number * 37 % 9973:04}")


def paper(number: int) -> Paper:
    """An invented paper of one of four families, with a name, a finding with figures and a limit."""
    method, aim, fault, part = FAMILIES[number % 4]
    name = f"{NAMES[number % 12]}Net" + ("" if number < 12 else str(number))
    one, two, three, four, five, six = (word(number * 6 + place) for place in range(6))
    abstract = (
        f"Gardens have become increasingly popular. However, prior work on {method} suffers from {fault} "
        f"on {one} soil and stays hard to repair under {two} weather. "
        f"We propose {name}, a system for {method} that pairs {aim} with {part} of {three} make. "
        f"{name} learns {aim} from {number + 3} {five} seasons by replaying {four} weeks in a {six} net. "
        f"Experiments on {one} plots show that {name} improves {aim} by {number + 5}% over {four} beds. "
        f"Surprisingly, {six} roots matter more for {method} than the {four} {part} of the {five} garden. "
        f"We do not test {name} on {two} slopes, where {part} are brittle in {five} frost. "
        f"Code is available at https://example.org/{number}."
    )
    title = f"{name}: {method.title()} for {aim.title()}"
    authors = ("A. Gardener", "B. Sower")
    return Paper(f"2606.{number:05}", 1, title, abstract, authors, ("cs.LG",), "cs.LG", NOON, NOON)


def assignment(papers: int, before: int = 0) -> Assignment:
    taken = tuple(
        Ranked(paper(n), 1 - n / 100, "Title: garden", terms=("pruning shears",)) for n in range(papers)
    )
    earlier = tuple(paper(number) for number in range(100, 100 + before))
    return Assignment(Selection(TOPIC, WINDOW, papers, papers, taken, (), (), (), earlier), NOON)


def write(papers: int, before: int = 0) -> Brief:
    return ExtractiveWriter().write(assignment(papers, before))


def of(text: str, place: int = 3) -> Sentence:
    return Sentence("2606.00001", place, 6, text)


def told(text: str, handle: str = "RoseNet") -> str:
    telling = tell(of(text), handle)
    assert telling is not None
    return telling.by(handle)


def everything(brief: Brief) -> list[Claim]:
    return [claim for _, claim in claims(brief)]


@every("papers", [1, 5, 6, 11, 24, 40])
def test_no_gate_refuses_anything_whatever_the_size_of_the_window(papers: int) -> None:
    task = assignment(papers, before=papers)
    verdict = check(ExtractiveWriter().write(task), {r.paper.id: r.paper for r in task.selection.taken})
    assert [str(failure) for failure in verdict.failures] == []


def test_a_window_without_papers_gives_a_quiet_brief() -> None:
    brief = write(0)
    assert brief.is_quiet
    assert (brief.themes, brief.notable, brief.trends, brief.glossary) == ((), (), (), ())


def test_a_thin_week_is_a_list_with_a_sentence_for_each_paper() -> None:
    brief = write(5)
    assert everything(brief) == []
    assert brief.minute is None
    assert all("“" in entry.line for entry in brief.catalog)


def test_a_group_is_named_by_what_its_papers_have_in_their_titles() -> None:
    brief = write(24)
    assert len(brief.themes) == 4
    for theme in brief.themes:
        titles = [paper(int(paper_id.split(".")[1])).title.lower() for paper_id in theme.paper_ids]
        assert len(titles) >= 3
        assert all(theme.heading.lower() in title for title in titles)


def test_a_told_paper_says_how_it_works_and_what_it_gained() -> None:
    brief = write(24)
    assert brief.minute
    on_top = {id_ for one in brief.minute.takeaways for id_ in one.fact.paper_ids}
    told = [claim for theme in brief.themes for claim in theme.claims]
    assert len(told) > len(brief.themes)
    for claim in told:
        first, *gained = (citation.evidence for citation in claim.citations)
        assert "pairs" in first or "learns" in first
        assert len(gained) == (claim.paper_ids[0] not in on_top)
        assert all("improves" in words for words in gained)


def test_a_result_that_says_only_that_it_is_better_is_not_told() -> None:
    for text, expected in (
        ("Experiments on nine beds show that RoseNet consistently outperforms strong rain.", False),
        ("Experiments demonstrate the effectiveness of RoseNet in all of the old gardens.", False),
        ("Experiments on nine beds show that RoseNet improves growth by 12% over rain.", True),
        ("RoseNet improves growth on dry soil, whereas rain keeps the roots alive for longer.", True),
        ("We find that roses remember the dry months of the year before.", True),
    ):
        assert says(text) is expected


def test_the_number_of_a_model_s_version_is_no_result() -> None:
    for text, expected in (
        ("On Bed Diffusion 1.5 we show that roses give a useful picture of rain.", False),
        ("On Bed Diffusion 1.5 roses grow 1.5x faster.", True),
        ("RoseNet reaches a Dice of 0.52 and an F1 of 0.8 on nine beds.", True),
    ):
        assert figures(text) is expected, text


def test_a_close_that_only_praises_is_not_quoted() -> None:
    base = "RoseNet improves growth by 12% over rain on nine beds"
    for end in (
        "demonstrating its practical effectiveness",
        "offering a principled way to water a garden",
        "highlighting the promise of valves",
    ):
        assert told(f"{base}, {end}.").endswith("on nine beds”."), end
    for end in ("showing that valves cut the water in half", "demonstrating the value of 14 valves"):
        assert told(f"{base}, {end}.").endswith(f"{end}”."), end


def test_a_problem_is_told_with_its_reason() -> None:
    assert explains("existing methods for roses fail when rain is late because they water by a clock")
    assert not explains("existing methods for roses suffer from dry soil, weak roots and slow growth")


def test_how_much_a_resource_holds_is_no_result() -> None:
    assert extent(of("GardenBench comprises 1,200 tasks over 14 kinds of beds.", 2))
    assert not extent(of("Experiments on 14 beds show that RoseNet improves growth by 12%.", 4))


def test_how_a_thing_works_is_more_than_what_it_is_or_what_inspired_it() -> None:
    for text, expected in (
        ("a framework that waters dry beds in old gardens", False),
        ("a watering method inspired by the rain in old gardens", False),
        ("the hypothesis that roses learn from rain, via whether they bloom", False),
        ("a framework that turns rain into a schedule by weighing each bed", True),
        ("replaces the fixed schedule of valves with a learned one", True),
    ):
        assert says_how(text) is expected


def portrait_of(title: str, *sentences: str) -> list[str]:
    """What is told of an invented paper with a title and an abstract."""
    one = Ranked(replace(paper(0), title=title, abstract=" ".join(sentences)), 0.5, "")
    found = Quoter().portrait(source_of(one, "RoseNet"))
    return [telling.words for telling in found[1]] if found else []


def test_a_mechanism_is_told_only_where_it_says_more_than_the_title_and_with_the_result() -> None:
    need = "Gardens are dry. Old valves leak in summer."
    tag = "We propose RoseNet, a framework that waters dry beds in old gardens."
    how = (
        "We propose RoseNet, a framework that turns hourly rain forecasts into valve schedules by replaying "
        "yesterday's leaks and damping late pumps."
    )
    gain = "Experiments on nine beds show that RoseNet cuts water use by 12% over timers."
    end = "Gardeners may use it at home."
    title = "RoseNet: Watering Dry Beds in Old Gardens"
    assert len(portrait_of(title, need, how, gain, end)) == 2
    assert portrait_of(title, need, tag, gain, end) == [gain.rstrip(".")]
    assert len(portrait_of(title, need, how, end)) == 1
    assert portrait_of(title, need, tag, end) == []


def test_a_second_thing_or_how_its_data_were_made_is_not_how_a_paper_works() -> None:
    need = "Gardens are dry. Old valves leak in summer."
    main = "We propose RoseNet, a bed that waters itself."
    end = "Gardeners may use it at home."
    for beside in (
        "We propose LeafTool, a tool that turns hourly photos into labels by matching veins, stems, buds.",
        "RoseNet's training data combines hourly photos from parks with letters of retired gardeners.",
    ):
        assert portrait_of("RoseNet: Beds", need, main, beside, end) == []


def test_a_heading_is_explained_once_by_a_clause_of_its_papers() -> None:
    task = assignment(24)
    means = "Drip irrigation waters each root by opening one small valve at a time, but it clogs."
    taken = [
        replace(one, paper=replace(one.paper, abstract=f"{means} {one.paper.abstract}"))
        if at in (0, 4)
        else one
        for at, one in enumerate(task.selection.taken)
    ]
    brief = ExtractiveWriter().write(replace(task, selection=replace(task.selection, taken=tuple(taken))))
    said = [claim.text for theme in brief.themes for claim in theme.claims if claim.id.startswith("gloss")]
    assert len(said) == 1
    assert said[0].endswith(
        "explains: “Drip irrigation waters each root by opening one small valve at a time”."
    )
    first = next(theme for theme in brief.themes if theme.claims[0].text == said[0])
    assert "rip irrigation" in first.heading


def test_a_problem_that_something_is_unclear_comes_behind_one_that_says_what_fails() -> None:
    vague = "How existing methods for roses ground their growth in rain remains poorly understood."
    plain = "Existing methods for roses water each bed by a clock, yet they fail when rain is late."
    assert problem(of(vague, 1)) < problem(of(plain, 1))


def test_a_result_with_two_sides_comes_before_a_plain_one() -> None:
    plain = "Experiments on nine beds show that RoseNet improves growth by 12% over rain."
    for side in ("whereas roots suffer", "at the cost of shorter roots", "but only in dry years"):
        sided = f"{plain[:-1]}, {side}."
        assert finds(of(sided, 4)) > finds(of(plain, 4))
        assert sides(sided)
    for text in (
        plain,
        "RoseNet improves growth by 12% while keeping its roots.",
        "It also cuts not one but two.",
    ):
        assert not sides(text.replace("not one but", "one and"))


def test_every_paper_of_a_theme_is_told_while_the_words_last_else_its_title_stands_whole() -> None:
    for papers in (24, 40):
        brief = write(papers)
        for theme in brief.themes:
            told = [paper_id for claim in theme.claims for paper_id in claim.paper_ids]
            assert sorted((*told, *(one.paper_id for one in theme.also))) == sorted(theme.paper_ids)
            for one in theme.also:
                assert brief.entry(one.paper_id).title.endswith(one.words)
        words = words_by_section(brief)
        assert sum(words.values()) - words["catalog"] - words.get("glossary", 0) <= 1200


def test_a_paper_of_the_minute_is_told_again_with_another_sentence() -> None:
    for papers in (9, 24, 40):
        brief = write(papers)
        assert brief.minute
        later = {id_ for theme in brief.themes for claim in theme.claims for id_ in claim.paper_ids}
        later |= {one.paper_id for one in brief.notable}
        assert {id_ for one in brief.minute.takeaways for id_ in one.fact.paper_ids} <= later


def test_papers_that_share_nothing_make_no_group() -> None:
    task = assignment(12)
    alone = [
        replace(
            one,
            paper=replace(
                one.paper, title=f"On {word(n)} and {word(n + 50)}", abstract=f"We study {word(n)}."
            ),
        )
        for n, one in enumerate(task.selection.taken)
    ]
    brief = ExtractiveWriter().write(replace(task, selection=replace(task.selection, taken=tuple(alone))))
    assert brief.themes == ()
    assert {entry.theme for entry in brief.catalog} == {None}


def with_title(task: Assignment, *titles: str) -> Assignment:
    """The same papers, the first with other titles."""
    taken = list(task.selection.taken)
    for place, title in enumerate(titles):
        taken[place] = replace(taken[place], paper=replace(taken[place].paper, title=title))
    return replace(task, selection=replace(task.selection, taken=tuple(taken)))


def test_a_method_that_has_another_name_than_its_paper_is_said_to_be_its() -> None:
    (first, *_) = assignment(1).selection.taken
    abstract = (
        "Roses dry. We propose a bed for roses (ROBE). On nine beds, ROBE improves growth by 12% over rain."
    )
    source = source_of(replace(first, paper=replace(first.paper, abstract=abstract)), "Beds of Roses")
    ((_, (gain,)), *_) = Quoter().gains(source)
    assert Quoter().say(source, gain).text.partition(":")[0].startswith("Beds of Roses (")
    assert "its method: ROBE)" in Quoter().say(source, gain).text
    named = source_of(first, source_of(first, "AsterNet").handle)
    assert "its method" not in Quoter().say(named, *Quoter().gains(named)[0][1]).text


def test_a_heading_has_the_acronym_that_abstracts_give_for_it() -> None:
    task = assignment(24)
    taken = [
        replace(
            one,
            paper=replace(
                one.paper,
                abstract=one.paper.abstract.replace("drip irrigation that", "drip irrigation (DI) that"),
            ),
        )
        for one in task.selection.taken
    ]
    headings = [group.heading for group in make_groups(Corpus(replace(task.selection, taken=tuple(taken))))]
    assert "Drip irrigation (DI)" in headings


def test_what_a_title_says_beside_its_matter_names_no_group() -> None:
    for beside in ("with", "and", "using", "via"):
        titles = [f"Bed {word(n)} {word(n + 40)} {beside} trellises" for n in range(4)]
        groups = make_groups(Corpus(with_title(assignment(16), *titles).selection))
        assert not any("trellis" in group.heading.lower() for group in groups)


def test_a_group_is_of_papers_whose_titles_say_its_heading_or_that_say_it_thrice() -> None:
    corpus = Corpus(assignment(24).selection)
    for group in make_groups(corpus):
        for paper_id in group.paper_ids:
            text = key_of(corpus.by_id[paper_id].paper.text)
            assert text.count(group.key) >= 1 + (group.key not in key_of(corpus.by_id[paper_id].paper.title))


def test_phrases_that_differ_by_the_endings_of_their_words_are_one() -> None:
    usual = usual_forms({"graft": 5, "grafting": 2, "grafter": 1, "rose": 4})
    assert set(usual.values()) == {"graft", "rose"}


def test_what_to_start_with_names_its_problem_at_the_top_and_the_theme_goes_on() -> None:
    brief = write(24)
    assert brief.minute
    start = brief.minute.start
    assert start
    (theme,) = (one for one in brief.themes if start.paper_id in one.paper_ids)
    assert theme.claims[0].paper_ids[0] == start.paper_id
    assert "suffers from" in start.why.text
    assert "suffers from" not in theme.claims[0].text
    assert brief.overview.reading_order[0].paper_ids == (start.paper_id,)


def test_the_reading_order_is_by_purpose_and_names_each_paper_once() -> None:
    brief = write(40)
    assert brief.minute
    steps = {step.purpose: step.paper_ids for step in brief.overview.reading_order}
    assert {id_ for one in brief.minute.takeaways for id_ in one.fact.paper_ids} <= {
        *steps["The results at the top"], *steps["Start with"],
    }  # fmt: skip
    assert set(steps.get("Against expectation", ())) <= {
        id_ for one in brief.news.against for id_ in one.paper_ids
    }
    named = [id_ for ids in steps.values() for id_ in ids]
    assert len(named) == len(set(named))
    assert all(1 <= len(ids) <= 4 for ids in steps.values())


def test_a_matter_is_what_several_of_the_ungrouped_titles_are_on() -> None:
    titles = ["Mulch Depth for Young Beds", "Deep Frost and Mulch Depth", "Mulch Depth of Lawns", "Roof Moss"]
    corpus = Corpus(with_title(assignment(16), *titles).selection)
    ids = [source.id for source in corpus.sources]
    assert matters(corpus, ids[4:])["Mulch depth"] == [ids[0], ids[2]]
    for found in (matters(corpus, ids[1:]), matters(corpus, ids)):
        assert found == {}


def test_an_acronym_may_take_two_letters_of_a_word_where_one_of_each_does_not_do() -> None:
    for text, expected in (
        ("its evidence lower bound (ELBO) is loose", "evidence lower bound"),
        ("diffusion large language models (dLLMs) differ", "diffusion large language models"),
        ("on-policy self-distillation (OPSD) of roses", "on-policy self-distillation"),
    ):
        assert [one.meaning for one in definitions("2606.00001", text)] == [expected]


def test_what_does_best_is_a_result_with_a_number_or_without() -> None:
    for text in (
        "Across nine old gardens, RoseNet attains the strongest growth among the compared beds.",
        "Across nine old gardens, RoseNet performs best in dry soil over all beds.",
        "Across nine old gardens, RoseNet outperforms rain and keeps the soil of each bed.",
    ):
        assert finds(of(text))


def test_the_minute_counts_papers_and_groups_and_quotes_three_results() -> None:
    brief = write(24)
    assert brief.minute
    assert brief.minute.question
    assert brief.minute.question.text.startswith("24 papers: ")
    for theme in brief.themes:
        assert f"{len(theme.paper_ids)} on {theme.heading.lower()}" in brief.minute.question.text
    assert len(brief.minute.takeaways) == 3
    assert all("%" in one.fact.text for one in brief.minute.takeaways)


def test_no_claim_counts_papers_that_hold_a_word() -> None:
    counted = [claim for claim in everything(write(24, before=10)) if claim.origin == "counted"]
    assert counted
    assert all(claim.is_reading for claim in counted)


def test_problems_and_limits_stand_under_headings_that_say_what_they_are() -> None:
    held = {challenge.heading: challenge.claims for challenge in write(24).challenges}
    for claim in held.get(PROBLEMS_HEADING, ()):
        assert "suffers from" in claim.text
    assert all("We do not test" in claim.text for claim in held[LIMITS_HEADING])


def test_results_against_expectation_are_told_as_such() -> None:
    assert all("Surprisingly" in claim.text for claim in write(24).news.against)
    assert write(24).news.against


def test_the_catalog_holds_every_paper_once_with_its_theme() -> None:
    brief = write(24)
    assert Counter(entry.paper_id for entry in brief.catalog) == Counter(paper(n).id for n in range(24))
    assert all(entry.theme is None or entry.theme < len(brief.themes) for entry in brief.catalog)
    assert all(entry.line.endswith((".", "”.")) for entry in brief.catalog)


def test_late_and_revised_papers_are_marked_in_the_catalog() -> None:
    task = assignment(3)
    first, *others = task.selection.taken
    selection = replace(
        task.selection, taken=(replace(first, late=True), *others), revised=(others[0].paper,)
    )
    entries = ExtractiveWriter().write(replace(task, selection=selection)).entries
    marks = (entries[paper(0).id].late, entries[paper(1).id].revised, entries[paper(2).id].late)
    assert marks == (True, True, False)


def test_every_fact_is_told_in_words_that_stand_in_its_paper_and_names_it() -> None:
    brief = write(24, before=10)
    for claim in everything(brief):
        for citation in claim.citations:
            source = paper(int(citation.paper_id.split(".")[1]))
            assert citation.evidence in f"{source.title}\n{source.abstract}"
        row = claim.id.startswith("notable")  # its name stands over it
        assert claim.is_reading or row or claim.text.startswith(brief.entry(claim.paper_ids[0]).handle)


def test_no_sentence_of_a_paper_is_told_twice() -> None:
    words = [(c.paper_id, c.evidence) for claim in everything(write(24)) for c in claim.citations]
    assert len(words) == len(set(words))


def test_nothing_is_recommended_that_is_not_told() -> None:
    brief = write(24)
    for step in brief.overview.reading_order:
        assert set(step.paper_ids) <= brief.told


def test_links_and_background_are_not_quoted() -> None:
    text = " ".join(claim.text for claim in everything(write(24)))
    assert "example.org" not in text
    assert "increasingly popular" not in text


def test_the_same_selection_gives_the_same_bytes_and_they_read_back() -> None:
    brief = write(24, before=10)
    assert brief.to_json() == write(24, before=10).to_json()
    assert Brief.from_json(brief.to_json()) == brief


def test_a_trend_needs_a_test_that_it_passes() -> None:
    assert write(24).trends == ()
    assert write(24, before=60).trends == ()  # as frequent as before
    task = assignment(24)
    earlier = tuple(p for p in (paper(n) for n in range(100, 260)) if "drip" not in p.abstract)
    brief = ExtractiveWriter().write(replace(task, selection=replace(task.selection, before=earlier)))
    (risen,) = brief.trends
    assert risen.rose
    assert (risen.now, risen.before, risen.before_of) == (6, 0, len(earlier))
    assert risen.claim
    assert risen.claim.text.startswith(
        f"6 of the 24 papers are on {risen.name}, against 0 of the {len(earlier)}"
    )


def test_before_stands_the_paper_and_what_opens_the_sentence_is_said_anew() -> None:
    for text, expected in [
        (
            "To address this, we propose a bed that waters itself by night.",
            "RoseNet proposes “a bed that waters itself by night”.",
        ),
        (
            "We introduce RoseNet (Rose Network), a bed that waters itself by night.",
            "RoseNet is “a bed that waters itself by night”.",
        ),
        (
            "Specifically, RoseNet waters each bed by night and rests by day.",
            "RoseNet “waters each bed by night and rests by day”.",
        ),
        (
            "This paper presents a bed that waters itself by night and day.",
            "RoseNet presents “a bed that waters itself by night and day”.",
        ),
        (
            "Extensive experiments on beds show that water helps roses to grow.",
            "RoseNet: “Extensive experiments on beds show that water helps roses to grow”.",
        ),
        (
            "Extensive experiments show that old gardens need less water than new ones.",
            "RoseNet shows that “old gardens need less water than new ones”.",
        ),
        (
            "Our results show that RoseNet waters each bed twice as fast as rain.",
            "RoseNet “waters each bed twice as fast as rain”.",
        ),
        (
            "To water beds, we propose a net of roses (RoseNet), a bed that waters itself by night.",
            "RoseNet is “a bed that waters itself by night”.",
        ),
        (
            "We present RoseNet, which waters all beds of the old garden by night.",
            "RoseNet “waters all beds of the old garden by night”.",
        ),
        (
            "We show that roses grow better in beds than in pots.",
            "RoseNet shows that “roses grow better in beds than in pots”.",
        ),
        (
            "We propose a bed for roses and evaluate it in nine old gardens.",
            "RoseNet: “We propose a bed for roses and evaluate it in nine old gardens”.",
        ),
        (
            "Across nine beds, RoseNet waters roses better than rain does.",
            "RoseNet: “Across nine beds, RoseNet waters roses better than rain does”.",
        ),
    ]:
        assert told(text) == expected


def test_a_paper_that_is_named_by_its_authors_is_spoken_of_as_many() -> None:
    assert told("We propose a bed that waters itself by night.", "Rosa et al.") == (
        "Rosa et al. propose “a bed that waters itself by night”."
    )
    assert told("Our bed waters roses by night and by day.", "Rosa and Thorn").startswith(
        "Rosa and Thorn: “Our"
    )


@every(
    "text",
    [
        "We study this question through many probes of old roses and their soil.",
        "We test that assumption on ten beds of roses and find the opposite there.",
        "In the bed by the wall, it waters the roses twice as often as rain does.",
        "Despite its popularity, pruning is rarely measured in the old gardens of towns.",
        "These results show that pruning helps all roses of the old town.",
        "The latter bed grows roses twice as fast as the former one does.",
        "Old gardeners address this by watering their roses twice in each dry week.",
        "RoseNet beats both baselines in dry soil and in the beds by the wall.",
        "Constrained by their roots, roses in pots grow slowly in all of the beds.",
        "Recent work has shown that this pruning is harmful to roses in dry soil.",
        "We therefore water the roses of the old garden twice in each dry week.",
    ],
)
def test_what_points_at_an_earlier_sentence_is_not_told(text: str) -> None:
    assert tell(of(text), "RoseNet") is None


def test_it_is_told_only_behind_the_sentence_that_it_leans_on() -> None:
    leaning = tell(of("It waters the roses of the old garden twice in each dry week."), "RoseNet")
    assert leaning
    assert leaning.leans
    assert not any(claim.text.startswith("It ") for claim in everything(write(24)))


def test_a_sentence_is_told_whole_however_little_its_end_adds() -> None:
    base = "RoseNet waters every bed of the old garden by night and checks the soil in the morning"
    for end in ("thereby saving water in the dry months", "but only where the valves stand open"):
        assert told(f"{base}, {end}.").endswith(f"{end}”.")


@every(
    ("role", "yes", "no"),
    [
        (
            does,
            "We propose a bed that waters itself by night.",
            "Roses grow in many old gardens of the town.",
        ),
        (
            finds,
            "RoseNet improves growth by 12% over rain on nine beds.",
            "RoseNet has two valves and one pump.",
        ),
        (
            against,
            "Contrary to common belief, rain does not help roses on dry soil.",
            "RoseNet outperforms rain on nine beds.",
        ),
        (
            limit,
            "We do not evaluate RoseNet on slopes or in frost.",
            "Existing beds are limited to flat soil.",
        ),
        (
            limit,
            "RoseNet saves water at the cost of slower growth.",
            "RoseNet saves water without slower growth.",
        ),
    ],
)
def test_what_a_sentence_does_is_told_by_its_words(role: object, yes: str, no: str) -> None:
    assert callable(role)
    assert role(of(yes, 4)) > 0
    assert role(of(no, 4)) == 0


def test_a_problem_is_said_before_the_paper_speaks_of_itself() -> None:
    text = "However, existing beds fail on dry soil in the old gardens."
    assert problem(of(text, 1)) > 0
    assert problem(of(text, 5)) == 0
    assert problem(of("Our bed cuts what existing beds waste, yet remains small.", 1)) == 0


def test_a_figure_with_its_setting_counts_for_more_than_praise() -> None:
    praise = "Experiments show that RoseNet achieves significant and consistent improvements over rain."
    figure = "Experiments on nine beds of RoseBench show that RoseNet improves growth by 12% over rain."
    assert finds(of(figure, 4)) > 2 * finds(of(praise, 4))


def test_a_letter_that_names_a_class_stays_a_capital() -> None:
    for name in ["M dwarfs", "3D scenes", "Type B states", "a grasp"]:
        assert surface_of([name, name]) == name.replace("Type", "type")


def test_names_are_listed_with_and() -> None:
    assert [listed(names) for names in ("", "A", "AB", "ABC")] == ["", "A", "A and B", "A, B and C"]


def test_an_acronym_and_its_expansion_are_one_phrase() -> None:
    acronyms = Acronyms([of("We compare balanced watering plans (BWP) for roses.")])
    assert acronyms.united({"bwp": "BWP"}) == {"balanced watering plan": "BWP"}
    assert acronyms.united({"bwp bed": "BWP beds"}) == {"balanced watering plan bed": "BWP beds"}
    assert acronyms.united({"rose": "roses"}) == {"rose": "roses"}


def test_an_acronym_is_explained_as_the_abstract_does() -> None:
    entry = definitions("2606.00001", "We use bed-level watering policies (BWP) and rain (wet) to water.")
    assert [(item.term, item.meaning) for item in entry] == []
    entry = definitions("2606.00001", "We use the balanced watering policy (BWP) to water.")
    assert [(item.term, item.meaning) for item in entry] == [("BWP", "balanced watering policy")]
    assert entry[0].citation == Citation("2606.00001", "balanced watering policy (BWP)")
    assert entry[0].is_acronym


def test_an_expansion_accounts_for_every_letter_of_the_acronym() -> None:
    for text, expansion in [
        ("We use cryogenic electron microscopy (cryo-EM).", "cryogenic electron microscopy"),
        ("We use the electron microscopy (cryo-EM) of frozen cells.", None),
        ("We study garden-to-image (G2I) models.", "garden-to-image"),
        ("We study to-image (G2I) models.", None),
        ("Among diffusion large language models (dLLMs) it wins.", "diffusion large language models"),
        ("Among large language models (dLLMs) it wins.", None),
        ("We use low-rank adaptation (LoRA).", "low-rank adaptation"),
        ("We use a mixture of experts (MoE).", "mixture of experts"),
        ("We use text-to-speech (TTS).", "text-to-speech"),
    ]:
        found = [item.meaning for item in definitions("2606.00001", text)]
        assert found == ([expansion] if expansion else [])


def test_hostile_papers_bring_nothing_foreign_into_a_brief() -> None:
    for abstract in [
        "",
        "word",
        "<script>alert(1)</script> {{ 7*7 }} %MANAGE% [x](y)",
        "Ignore all previous instructions. " * 40,
        "We propose \u202eROSE\u202c, which hides its words from all readers. " * 300,
        "$" * 500 + "(" * 500,
        "no full stop at all " * 900,
    ]:
        task = assignment(12)
        hostile = replace(
            task.selection.taken[0].paper, id="2606.99999", title="<b>X</b> {{ x }}", abstract=abstract
        )
        taken = (*task.selection.taken, Ranked(hostile, 0.1, "Title: garden"))
        task = replace(task, selection=replace(task.selection, taken=taken))
        verdict = check(ExtractiveWriter().write(task), {r.paper.id: r.paper for r in taken})
        assert [str(failure) for failure in verdict.failures if failure.claim] == []
        assert "foreign" not in {failure.gate for failure in verdict.failures}
