"""The thirty invented full texts: whole, read as they are written, and true of the abstracts beside them."""

from service.papers.text import read_page
from tests.invented_texts import invented_texts
from tests.latexml import words_at

KINDS = {"model", "size", "data", "baseline", "cost", "limit"}


def test_thirty_papers_state_what_tables_hold_in_words_that_stand_on_their_pages() -> None:
    texts = invented_texts()
    assert len({one.paper.id for one in texts}) == 30
    for one in texts:
        assert set(one.truths) >= KINDS, one.paper.id
        assert 120 <= len(one.paper.abstract.split()) <= 200
        text = read_page(one.page, one.paper.id, one.paper.version)
        passages = [passage.text for _, passage in text.passages]
        said = [words for spans in one.truths.values() for words in spans]
        said += [bond.words for bond in one.bonds]
        for words in said:
            assert any(words in passage for passage in passages), words
        assert text.cited == set(one.cited)
        assert text.of("limitations")
        at = words_at(one.page)
        for _, passage in text.passages:
            assert not passage.anchor or "".join(passage.text.split()) in at[passage.anchor]
    assert sum(bond.bond == "disputes" for one in texts for bond in one.bonds) >= 10


def test_limits_are_not_those_of_the_abstract_alone() -> None:
    texts = invented_texts()
    new = [one for one in texts if any(limit not in one.paper.abstract for limit in one.truths["limit"])]
    assert len(new) == len(texts)
