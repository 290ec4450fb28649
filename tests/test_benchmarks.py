"""The benchmarks are run by hand; what they call is kept working here."""

from pathlib import Path

import sqlalchemy as sa

from service.delivery import State
from service.papers import Selection
from service.store import Store
from service.web.admin import MODULES
from tests.benchmarks import people
from tests.benchmarks.history import fill, measured
from tests.benchmarks.models import Row, row, runs, selection
from tests.benchmarks.oracles import ADMIN, join, link, sign_in, told_apart
from tests.benchmarks.senders import deliver_all
from tests.benchmarks.texts import read_all
from tests.fakes import ScriptedMailer
from tests.readers import ADDRESS, open_place


def test_the_benchmark_of_delivery_delivers() -> None:
    mailer = ScriptedMailer()
    assert deliver_all(mailer, 20).seconds > 0
    assert len({message.recipient for message in mailer.sent}) == 20


def test_the_benchmark_of_full_texts_reads_them() -> None:
    seconds, words, size = read_all(2, 7_000)
    assert seconds > 0
    assert 12_000 < words < 16_000
    assert size > 50_000


def test_the_benchmark_of_times_asks_as_a_known_and_an_unknown_reader(tmp_path: Path, migrated: Path) -> None:
    place = open_place(tmp_path, migrated, admins=ADMIN)
    place.subscriber()
    for ask, known in ((join, ADDRESS), (link, ADDRESS), (sign_in, ADMIN)):
        assert all(0.5 <= area <= 1 for area in told_apart(place, ask, known, samples=2))


def test_nothing_that_a_language_model_invents_reaches_a_reader() -> None:
    chosen: dict[bool, Selection] = {
        hostile: selection(hostile=hostile, papers_per_brief=24) for hostile in (False, True)
    }
    rows: list[Row] = [row(run, chosen[run.hostile]) for run in runs()]
    assert [str(one) for one in rows if one.left or one.failing] == []
    by = {one.run.name: one.brief.metadata for one in rows}
    assert (by["answers well"].writer, by["answers well"].claims_dropped) == ("openai", 0)
    assert by["changes every number, and the checker mends"].claims_repaired > 5
    assert by["lies in every fourth sentence"].claims_dropped > 5
    assert by["is out of money"].writer == "extractive"


def test_the_benchmark_of_history_asks_what_is_asked_again_and_again(store: Store, engine: sa.Engine) -> None:
    fill(store, engine, 3, 40)
    store.keep_tallies()
    assert store.counts("2026-W23") == {State.ACCEPTED: 18, State.SKIPPED: 2, State.WAITING: 20}
    assert set(measured(store, engine, 1)) >= {"sweep", "metrics", "readiness", "/admin/issues"}


def test_the_benchmark_of_people_asks_every_admin_page(
    store: Store, engine: sa.Engine, tmp_path: Path
) -> None:
    people.fill_all(store, engine, issues=4, readers=60, ledger=2)
    asked = people.pages(store, engine, tmp_path)
    for ask in asked.values():
        ask()
    paths = [f"/admin{path.partition('?')[0]}".replace("NEWEST", "2026-W23") for path in asked]
    for module in MODULES:
        for route in module.routes.routes:
            if "GET" in route.methods and "sign-in" not in route.path:
                assert any(route.path_regex.match(path) for path in paths), route.path
