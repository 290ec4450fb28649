"""Servers of every kind that speaks OpenAI's chat completions: what they refuse, and what is tried next."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.adapters.openai_model.capabilities import Asked, Capabilities, tried_next
from service.adapters.openai_model.refusals import SHOWN, Heard, Trouble, hear
from service.briefs.grounding import check
from service.briefs.model import Brief
from tests.adapters.openai_server import (
    Answers,
    ModelServer,
    Reply,
    completion,
    error,
    reply,
    well,
)
from tests.adapters.openai_server import (
    Asked as Request,
)
from tests.adapters.server_kinds import KINDS, error_of, limit, said
from tests.adapters.test_openai_model import FEW, KEY, Setting, assert_extractive, notes
from tests.builders import assignment, paper, papers
from tests.sound_answers import sound_answer


@pytest.fixture
def setting() -> Iterator[Setting]:
    with ModelServer() as server:
        made = Setting(server)
        yield made
        for model in made.made:
            model.close()


class Watched:
    """Answers, with what was refused: requests and their tokens by our estimate."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.refused: list[Request] = []
        self.wholes: list[tuple[str, str]] = []  # format and words, where the batch was of its full size

    def __call__(self, asked: Request) -> Reply:
        given = self.answers(asked)
        if given.status != 200 or (b'"choices"' not in given.body[:2000] and b"data:" not in given.body[:10]):
            self.refused.append(asked)
            if asked.task != "CardsAnswer" or len(asked.question.papers) > 4:
                self.wholes.append((asked.format, given.body.decode()))
        return given


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_of_server_gets_a_brief_by_the_model(setting: Setting, kind: str) -> None:
    setting.server.answers = watched = Watched(KINDS[kind]())
    brief = setting.brief(concurrency=4, temperature=0.2)
    assert brief.metadata.writer == "openai"
    assert brief.minute is not None
    assert len(brief.themes) >= 1
    assert brief.metadata.unchecked == 0
    assert check(brief, papers()).sound
    alone = "1 of 14 papers are in the catalog alone" in notes(brief)
    assert alone is (kind in {"Azure", "OpenRouter"})  # the abstract that their moderation refuses
    # Whatever is not taken is refused once and costs one request, though four questions at a time are asked.
    assert len(set(watched.wholes)) == len(watched.wholes)


def test_a_second_brief_meets_no_refusal_of_what_was_learned(setting: Setting) -> None:
    for kind in ("DeepSeek", "llama.cpp", "Mistral", "Ollama"):
        setting.server.answers = watched = Watched(KINDS[kind]())
        writer = setting.writer()
        writer.write(assignment(list(papers().values())[:4]))
        watched.refused.clear()
        setting.anew()
        writer.write(FEW)
        assert watched.refused == []
        setting.anew()


# The table: what servers say in their own words, and what follows

QUESTION, ALLOWED = 5_000, 12_000  # tokens


def heard_as(status: int, words: str) -> Heard:
    body = words if words.startswith("{") else json.dumps(error_of(words))
    return hear(status, body.encode(), {}, (KEY, ""))


def follows(status: int, words: str, known: Capabilities | None = None) -> Capabilities | Trouble:
    asked = Asked(QUESTION, ALLOWED, had_temperature=True)
    return tried_next(known or Capabilities(), heard_as(status, words), asked)


def other_way(status: int, words: str, known: Capabilities | None = None) -> Capabilities:
    found = follows(status, words, known)
    assert isinstance(found, Capabilities), words
    return found


WORDS = tomllib.loads((Path(__file__).parent / "server_words.toml").read_text("utf-8"))


def test_a_refused_limit_is_asked_again_with_the_largest_that_the_server_takes() -> None:
    for row in WORDS["answer_limits"]:
        assert other_way(400, row["words"]).room(QUESTION, ALLOWED) == row["most"], row


def test_a_window_too_small_for_question_and_answer_shortens_the_answer() -> None:
    for row in WORDS["windows"]:
        found = other_way(400, row["words"])
        assert found.window == row["window"], row
        assert row["least"] <= found.room(QUESTION, ALLOWED) < row["window"] - QUESTION, row


def test_a_question_that_is_too_long_in_any_words_leaves_no_room_for_an_answer() -> None:
    for row in WORDS["too_long"]:
        for status in (400, 413, 500):
            assert other_way(status, row["words"]).room(QUESTION, ALLOWED) == 0, row


def test_a_refused_schema_is_asked_as_any_json_then_as_text() -> None:
    for row in WORDS["formats"]:
        any_json = other_way(400, row["words"])
        text = other_way(400, row["words"], any_json)
        assert (any_json.answer_format, text.answer_format) == ("json_object", "text"), row
        assert follows(400, "Request contains an invalid argument.", text) is Trouble.REJECTED


def test_a_server_that_only_streams_is_asked_to_stream() -> None:
    for row in WORDS["streams"]:
        assert other_way(400, row["words"]).stream, row


def test_what_no_other_way_of_asking_mends_is_named() -> None:
    for row in WORDS["troubles"]:
        assert follows(row["status"], row["words"]) is Trouble[row["trouble"]], row


def test_what_else_a_server_does_not_take_is_left_out_or_said_otherwise() -> None:
    limit_unknown = {"detail": [{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"]}]}
    assert other_way(422, json.dumps(limit_unknown)).limit == "max_tokens"
    unknown = "Unsupported parameter: 'max_tokens' is not supported with this model."
    assert other_way(400, unknown, Capabilities(limit="max_tokens")).limit == ""
    assert not other_way(400, "Unsupported value: 'temperature' does not support 0.2.").temperature
    assert not other_way(400, "Developer instruction is not enabled for models/tide").system
    assert not other_way(400, "Unknown parameter: 'stream_options'", Capabilities(stream=True)).stream_usage
    assert other_way(402, "fewer max_tokens: you can only afford 8000.").output == 8000


# Where an error stands, what of it is shown, and how long it asks to wait


def shapes(message: str) -> list[object]:
    inner = json.dumps({"error": {"message": message}})
    return [
        {"error": {"message": message, "code": None}},
        {"error": message},
        [{"error": {"code": 400, "message": message}}],
        {"object": "error", "message": message, "code": 400},
        {"detail": message},
        {"object": "error", "message": {"detail": [{"loc": ["body", "x"], "msg": message}]}},
        {"error": {"message": "Provider returned error", "metadata": {"raw": message}}},
        {"error": {"message": "Provider returned error", "metadata": {"raw": inner}}},
        {"base_resp": {"status_code": 1004, "status_msg": message}},
        {"errors": [{"message": message}]},
        {"error": {"message": "Param Incorrect", "param": message, "code": "400"}},
    ]


def test_the_servers_own_words_are_found_in_every_shape_of_an_error() -> None:
    for body in shapes("the harbour is closed today"):
        heard = hear(400, json.dumps(body).encode(), {}, (KEY, ""))
        assert "the harbour is closed today" in heard.words, body
    plain = hear(502, b"<html><title>Bad</title>the harbour is closed today</html>", {}, (KEY, ""))
    assert plain.words == "Bad the harbour is closed today"


def test_words_that_are_shown_hold_no_key_account_address_or_passage_of_the_question() -> None:
    secrets = (
        KEY, "sk-proj-abcdef0123456789", "gsk_abcdef0123456789", "AIzaSyA-abcdefghijklmnopqrstuvwx",
        "org-Abc123def456", "Bearer abc.def.ghi", "someone@example.org",
        "0123456789abcdef0123456789abcdef0123",
    )  # fmt: skip
    for secret in secrets:
        words = hear(400, json.dumps(error_of(f"no use of {secret} here")).encode(), {}, (KEY, "")).words
        assert secret not in words
        assert words.startswith("no use of")
        assert words.endswith("here")
    told = "not this: Kelp forests shrink as the sea warms up, you said"
    heard = hear(
        400, json.dumps(error_of(told)).encode(), {}, (KEY, "abstract: Kelp forests shrink as the sea warms")
    )
    assert heard.words == "not this: … up, you said"
    assert len(hear(400, json.dumps(error_of("word " * 900)).encode(), {}, ("", "")).words) <= SHOWN


def test_what_an_error_repeats_of_the_question_decides_nothing() -> None:
    abstract = "We study moderation and flagged content in a context length of 128 tokens for models today"
    body = {"detail": [{"msg": "no", "input": {"messages": [abstract]}}], "message": f"bad: {abstract}"}
    heard = hear(400, json.dumps(body).encode(), {}, ("", f"<P1>\n{abstract}"))
    assert tried_next(Capabilities(answer_format="text"), heard, Asked(100, 100)) is Trouble.REJECTED


WAITS: tuple[tuple[object, dict[str, str], float], ...] = (
    ([{"error": {"code": 429, "details": [{"retryDelay": "45.837906927s"}]}}], {}, 45.837906927),
    ({"error": {"message": "Rate limit reached. Please try again in 7.66s. Visit"}}, {}, 7.66),
    ({"error": {"message": "Please try again in 1m2.5s."}}, {}, 62.5),
    ({"error": {"message": "Please try again in 500ms."}}, {}, 0.5),
    ({"error": {"message": "Please retry in 13.2s."}}, {}, 13.2),
    ({"error": "rate limited, retry after 20 seconds"}, {}, 20.0),
    ({"message": "slow down", "retry_after": 12}, {}, 12.0),
    ({"error": {"message": "Please retry in 13.2s."}}, {"retry-after": "3"}, 3.0),
)


def test_the_delay_that_a_server_asks_for_is_found_in_its_body() -> None:
    for body, headers, seconds in WAITS:
        assert hear(429, json.dumps(body).encode(), headers, ("", "")).wait == pytest.approx(seconds), body
    assert hear(429, json.dumps(error_of("Rate limit reached")).encode(), {}, ("", "")).wait is None


def test_an_error_inside_a_success_is_an_error(setting: Setting) -> None:
    limited = {
        "error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "try again in 9s"}}
    }
    failed = {"error": {"message": "Upstream failed", "code": 502}}
    choice = {
        "index": 0,
        "message": {"content": ""},
        "finish_reason": "error",
        "error": {"code": 503, "message": "gone"},
    }
    for body, waited in ((limited, 9.0), (failed, 1.0), ({"choices": [choice]}, 1.0)):
        setting.anew()
        setting.server.script(reply(200, body))
        assert setting.brief(FEW).metadata.writer == "openai"
        assert setting.waits == [waited]
    setting.anew()
    setting.server.answers = lambda _: reply(200, {"error": {"message": "Insufficient Balance", "code": 402}})
    assert_extractive(
        setting.brief(FEW), "no credit left: add credit at the provider, or set another key; it says"
    )


# Whose fault it is: of one request, or of all


def test_after_an_answer_a_refusal_is_of_its_papers_alone(setting: Setting) -> None:
    refusals = (error(403, "forbidden", "no"), error(400, "bad_request", "something about it"))
    for refusal in refusals:
        setting.anew()

        def answer(asked: Request, refusal: Reply = refusal) -> Reply:
            last = asked.task == "CardsAnswer" and paper(13).title in asked.user
            return refusal if last else well(asked)

        setting.server.answers = answer
        brief = setting.brief()
        assert brief.metadata.writer == "openai"
        assert "1 of 14 papers are in the catalog alone." in notes(brief)


def test_a_model_that_answers_eight_papers_badly_is_asked_for_four_then_two(setting: Setting) -> None:
    def overtaxed(asked: Request) -> Reply:
        audience_summary = asked.task == "CardsAnswer" and len(asked.question.papers) > 2
        return completion("Sorry, that is a lot.") if audience_summary else well(asked)

    setting.server.answers = overtaxed
    brief = setting.brief()
    assert brief.metadata.writer == "openai"
    assert "catalog alone" not in notes(brief)


def test_a_model_that_can_not_answer_at_all_costs_few_requests(setting: Setting) -> None:
    setting.server.answers = lambda _: completion("I would rather talk about harbours.")
    assert_extractive(setting.brief(), "did not have the agreed form")
    assert len(setting.server.requests) <= 16


def test_a_batch_of_verdicts_or_grades_that_is_too_long_is_halved(setting: Setting) -> None:
    def small(asked: Request) -> Reply:
        many = asked.task == "VerdictsAnswer" and len(asked.question.sentences) > 6
        return error(400, "context_length_exceeded", "too long") if many else well(asked)

    setting.server.answers = small
    assert setting.brief().metadata.unchecked == 0


# How much an answer may take


def test_a_server_that_cuts_answers_off_by_itself_is_asked_for_less_at_once(setting: Setting) -> None:
    """A limit of the server's own: not asked again with more room, and no other batch is cut off."""

    def capped(asked: Request) -> Reply:
        if asked.task == "CardsAnswer" and len(asked.question.papers) > 6:
            usage = {"prompt_tokens": 1000, "completion_tokens": 3000}
            return completion(said(asked)[:900], finish="length", usage=usage)
        return well(asked)

    setting.server.answers = watched = Watched(capped)
    brief = setting.brief(concurrency=4)
    assert brief.metadata.writer == "openai"
    cut = [
        asked
        for asked in setting.server.requests
        if asked.task == "CardsAnswer" and len(asked.question.papers) > 6
    ]
    assert len(cut) == 1
    assert watched.refused == []


def test_thoughts_that_eat_an_answer_leave_it_more_room_from_then_on(setting: Setting) -> None:
    def thinking(asked: Request) -> Reply:
        details = {"completion_tokens_details": {"reasoning_tokens": 6_000}}
        if limit(asked) < 8_000:
            usage = {"prompt_tokens": 1000, "completion_tokens": limit(asked), **details}
            return completion(None, finish="length", usage=usage)
        return completion(said(asked), usage={"prompt_tokens": 1000, "completion_tokens": 6500, **details})

    setting.server.answers = thinking
    brief = setting.brief(concurrency=4)
    assert brief.metadata.writer == "openai"
    assert "catalog alone" not in notes(brief)
    assert len([asked for asked in setting.server.requests if limit(asked) < 8_000]) == 1


def test_a_whole_answer_counts_though_the_server_says_that_it_was_cut_off(setting: Setting) -> None:
    setting.server.answers = lambda asked: completion(f"{said(asked)}\n\n\n   ", finish="length")
    assert setting.brief(FEW).metadata.writer == "openai"
    assert len(setting.server.requests) == 1


def test_no_answer_is_allowed_more_than_the_setting(setting: Setting) -> None:
    setting.brief(output_limit=3_000)
    assert max(limit(asked) for asked in setting.server.requests) == 3_000


# Counts that are odd


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": None, "completion_tokens": None},
        {"prompt_tokens": "many"},
        {"prompt_tokens": 1200.0, "completion_tokens": "88", "completion_tokens_details": None},
        {"prompt_tokens": -1, "completion_tokens": 0},
        [],
        "none",
    ],
)
def test_counts_that_are_odd_do_not_spoil_an_answer(setting: Setting, usage: object) -> None:
    setting.server.answers = lambda asked: completion(said(asked), usage=usage)
    made = setting.brief(FEW).metadata
    assert made.writer == "openai"
    assert 500 < made.prompt_tokens < 5_000


# Who wrote it


def test_a_brief_says_which_sections_are_whose(setting: Setting) -> None:
    brief = setting.brief()
    by = {one.section: (one.by_model, one.by_program) for one in brief.metadata.sections}
    assert by["Catalog"] == (14, 0)
    assert by["Key Research Themes"][0] == sum(len(theme.claims) for theme in brief.themes) + len(
        [theme for theme in brief.themes if theme.thesis]
    )
    assert {programs for _, programs in by.values()} == {0}


def test_a_brief_in_place_of_the_models_is_all_the_programs(setting: Setting) -> None:
    setting.server.answers = lambda _: error(401, "invalid_api_key")
    brief: Brief = setting.brief()
    assert brief.metadata.model is None
    assert brief.metadata.sections
    assert not any(one.by_model for one in brief.metadata.sections)


def test_lines_of_papers_without_a_card_are_the_programs(setting: Setting) -> None:
    def nine(asked: Request) -> Reply:
        answer = sound_answer(asked.question)
        kept = [card for card in answer.get("cards", ()) if len(asked.question.papers) > 1][:6]
        return completion(json.dumps({"cards": kept})) if asked.task == "CardsAnswer" else well(asked)

    setting.server.answers = nine
    (catalog,) = [one for one in setting.brief().metadata.sections if one.section == "Catalog"]
    assert (catalog.by_model, catalog.by_program) == (12, 2)
