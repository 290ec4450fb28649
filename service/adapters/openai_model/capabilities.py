"""What a server can do, learned from what it says: one table of what is said and what is tried next.

Servers that speak OpenAI's chat completions take different parts of it. Nothing is known beforehand: a
request is made as OpenAI would take it, and a refusal is looked up in `TABLE`, in order. A row either gives
other capabilities, in which the same question is asked at once, or names the trouble. The words stand in the
servers' own issues; docs/models.md lists them with the servers that say them.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from service.adapters.openai_model.refusals import Heard, Trouble

LEAST = 64  # tokens; smaller numbers in a refusal are no limits
ENOUGH = 1_000  # tokens; where a server names no limit, none below this is tried
SPARE = 64  # tokens of a window that the server's own marks take
GROWTH = 1.25  # of the estimate of a question's tokens, where the server still finds it too long
FORMATS = ("json_schema", "json_object", "text")
LIMITS = ("max_completion_tokens", "max_tokens", "")
THINKING = 1.5  # times the most that the model thought so far is left for its thoughts


@dataclass(frozen=True, slots=True)
class Capabilities:
    """How a server is asked; each part is given up when the server says that it doesn't take it."""

    answer_format: str = FORMATS[0]
    limit: str = LIMITS[0]  # what bounds an answer is called so; empty: nothing is said of it
    temperature: bool = True
    system: bool = True  # a message of its own for the rules; else they open the question
    stream: bool = False
    stream_usage: bool = True
    output: int | None = None  # tokens of an answer that it allows to ask for
    window: int | None = None  # tokens of question and answer together
    scale: float = 1.0  # its tokens for one of our estimate
    longest: int | None = None  # estimated tokens of a question that is too long
    thoughts: int = 0  # tokens of an answer that go to thoughts which nobody sees

    def room(self, question: int, wanted: int) -> int:
        """Tokens to allow an answer of which ``wanted`` are words; at most what the server takes."""
        allowed = wanted + int(self.thoughts * THINKING)
        if self.output is not None:
            allowed = min(allowed, self.output)
        if self.window is not None:
            allowed = min(allowed, self.window - int(question * self.scale) - SPARE)
        too_long = self.longest is not None and question >= self.longest
        return 0 if too_long else max(allowed, 0)

    def words(self) -> Iterable[tuple[str, str]]:
        """What was found out, for a person: name and finding."""
        forms = {"json_schema": "a JSON schema", "json_object": "any JSON", "text": "text only"}
        yield "answers", f"{forms[self.answer_format]}{', streamed only' if self.stream else ''}"
        yield "limit of an answer", self.limit or "none can be set"
        yield "longest answer", f"{self.output:,} tokens" if self.output else "as long as asked for"
        yield "question and answer", f"{self.window:,} tokens" if self.window else "no bound was met"
        yield "rules", "in a message of their own" if self.system else "in the question"
        yield "thoughts", f"up to {self.thoughts:,} tokens seen" if self.thoughts else "none counted"


@dataclass(frozen=True, slots=True)
class Asked:
    """As much of a request as its refusal is read by."""

    question: int  # estimated tokens
    allowed: int  # tokens of its answer
    had_temperature: bool = False
    answered_before: bool = False  # by this server, in this format


Next = Callable[[Capabilities, Heard, Asked], Capabilities | None]


@dataclass(frozen=True, slots=True)
class Row:
    """What a server says, and what is tried next: other capabilities, or the trouble to report."""

    says: re.Pattern[str]
    then: Next | Trouble
    statuses: frozenset[int] = frozenset()  # of these alone; empty: whatever the status


def _number(text: str) -> int:
    return int(text.replace(",", "").replace("_", ""))


NUMBER = r"(\d[\d,_]*)(?![\d.]*\w)"
WINDOWS = (
    rf"context[ _-]?(?:length|size|window)(?: limit)?(?: of| is| only|:|=|\(|\s|`)*{NUMBER}",
    rf"{NUMBER}[ -]*(?:tokens?)?[ -]*(?:maximum |max )?context",
    rf"n_ctx(?:_\w+)?[^\d]{{0,6}}{NUMBER}",
    rf"max_new_tokens`? must be <= ?{NUMBER}",
    rf"(?:tokens per min\w*|tpm)\W.{{0,40}}?limit:? {NUMBER}",
    rf"token count.{{0,40}}?exceeds.{{0,60}}?\(?{NUMBER}",
    rf"too long: \d[\d,]* tokens > {NUMBER}",
    rf"must have less than {NUMBER} tokens",
    rf"(?:total|sequence|prompt|input) (?:tokens|length)\b.{{0,60}}?(?:max\w*|>|exceed)\D{{0,40}}{NUMBER}",
    rf"max\w* (?:prompt|input|sequence|token|request) (?:length|count|size|limit)(?: is| of|:|=)* ?{NUMBER}",
)
QUESTIONS = (
    rf"{NUMBER} (?:tokens? )?(?:of text |as )?(?:in|from|of)? ?(?:the )?(?:input|messages|prompt)",
    rf"n_prompt_tokens\D{{0,4}}{NUMBER}",
    rf"n_keep \({NUMBER}",
    rf"(?:request|prompt|inputs?|messages)\W{{1,3}}(?:(?:has|contains|is|of|at least) )*{NUMBER}\)? ?tokens",
    rf"keep the first {NUMBER}",
    rf"requested tokens \({NUMBER}",
    rf"token count(?: is)? \(?{NUMBER}",
    rf"too long: {NUMBER} tokens",
    rf"given: {NUMBER} `?inputs",
)
AFFORDED = re.compile(rf"(?:can only|only be able to|could only) afford {NUMBER}")
OF_OUTPUT = re.compile(
    r"max_?(?:new|output|completion)?_?tokens|max_?length|(?:completion|output|new|generated) tokens"
)
EXCLUSIVE = re.compile(r"\(exclusive\)|(?:less|smaller) than `?\d|must be < ?\d")


def _first(patterns: Iterable[str], text: str) -> int | None:
    found = (re.search(pattern, text, re.MULTILINE) for pattern in patterns)
    numbers = (_number(match[1]) for match in found if match)
    return next((number for number in numbers if number >= LEAST), None)


def _smaller(heard: Heard, asked: Asked) -> list[int]:
    """The numbers of a refusal that could be a limit on the answer."""
    named = [_number(text) for text in re.findall(rf"(?<![\w-]){NUMBER}", heard.everything)]
    named += [int(text) * 1_000 for text in re.findall(r"(?<![\w-])(\d{1,3}) ?k\b", heard.everything)]
    return [number for number in named if LEAST <= number < asked.allowed]


def shorter_answer(known: Capabilities, heard: Heard, asked: Asked) -> Capabilities | None:
    """The largest limit below the one asked for that the server names; half of it where it names none."""
    if not OF_OUTPUT.search(f"{heard.everything} {heard.parameter}".lower()):
        return None
    fitting = _smaller(heard, asked)
    if fitting:
        return replace(known, output=max(fitting) - bool(EXCLUSIVE.search(heard.everything)))
    return replace(known, output=asked.allowed // 2) if asked.allowed >= 2 * ENOUGH else None


def affordable_answer(known: Capabilities, heard: Heard, asked: Asked) -> Capabilities | None:
    """As long an answer as the account's credit pays for."""
    match = AFFORDED.search(heard.everything)
    most = _number(match[1]) if match else 0
    return replace(known, output=most) if LEAST <= most < asked.allowed else None


def _is_rate(heard: Heard) -> bool:
    """Whether a limit is one of a minute, which waiting helps, and not one of a request."""
    return heard.status == 429 and "too large" not in heard.everything


def within_window(known: Capabilities, heard: Heard, asked: Asked) -> Capabilities | None:
    """The window that the server names, and how many tokens it counts for one of our estimate."""
    if (window := _first(WINDOWS, heard.everything)) is None or _is_rate(heard):
        return None
    counted = _first(QUESTIONS, heard.everything) or 0
    derived = counted + asked.allowed in {window, window + 1}  # "at least": what would not have fitted
    scale = max(known.scale, 0.0 if derived else counted / max(asked.question, 1))
    found = replace(known, window=min(window, known.window or window), scale=scale)
    stays = found.room(asked.question, asked.allowed) >= asked.allowed
    return replace(found, scale=found.scale * GROWTH) if stays else found


def too_long(known: Capabilities, heard: Heard, asked: Asked) -> Capabilities | None:
    """No window is named: as long a question is not asked again."""
    if _is_rate(heard):
        return None
    if known.longest is not None and asked.question >= known.longest:
        return None
    return replace(known, longest=asked.question)


def other_limit(known: Capabilities, heard: Heard, asked: Asked) -> Capabilities | None:
    """The limit's older name, then none, unless the words are about its size."""
    if _smaller(heard, asked):
        return None
    after = LIMITS[LIMITS.index(known.limit) + 1 :]
    return replace(known, limit=after[0]) if after else None


def no_temperature(known: Capabilities, _: Heard, asked: Asked) -> Capabilities | None:
    return replace(known, temperature=False) if known.temperature and asked.had_temperature else None


def simpler_format(known: Capabilities, *_: object) -> Capabilities | None:
    after = FORMATS[FORMATS.index(known.answer_format) + 1 :]
    return replace(known, answer_format=after[0]) if after else None


def streamed(known: Capabilities, *_: object) -> Capabilities | None:
    return None if known.stream else replace(known, stream=True)


def uncounted_stream(known: Capabilities, *_: object) -> Capabilities | None:
    return replace(known, stream_usage=False) if known.stream and known.stream_usage else None


def rules_in_question(known: Capabilities, *_: object) -> Capabilities | None:
    return replace(known, system=False) if known.system else None


def simpler_unless_known(known: Capabilities, heard: Heard, asked: Asked) -> Capabilities | None:
    """No reason that is known: before anything was answered, the format is the likeliest."""
    return None if asked.answered_before else simpler_format(known, heard, asked)


UNKNOWN = (
    r"(?:unsupported|not supported|unrecognized|unknown|unexpected|extra|not permitted|not allowed"
    r"|cannot find field|no such|does not support|doesn't support|deprecated|not available)"
)


def _not_taken(names: str) -> re.Pattern[str]:
    """A parameter named beside a word that says it is not taken, in either order."""
    return re.compile(rf"{UNKNOWN}.{{0,120}}?(?:{names})|(?:{names}).{{0,120}}?{UNKNOWN}", re.DOTALL)


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.DOTALL)


REFUSALS = frozenset({400, 404, 405, 406, 413, 415, 416, 422, 500, 501})
#: What a server says, and what is tried next; the first row that fits and leads on is taken.
TABLE: tuple[Row, ...] = (
    Row(_any("afford"), affordable_answer),
    Row(
        _any(
            "insufficient[_ ](?:quota|balance|credit|funds)", "billing_(?:hard_limit|not_active)",
            "credit balance", "more credits", "requestsperday", "per day", "daily (?:limit|quota)", "arrears",
            "欠费", "余额不足",
        ),
        Trouble.OUT_OF_MONEY,
    ),
    Row(
        _any(
            "api[ _-]?key (?:not valid|is invalid|expired|provided)",
            "(?:invalid|incorrect|missing)[ _-]api[ _-]?key",
            "unauthorized", "authentication fail",
        ),
        Trouble.KEY_WRONG,
    ),
    Row(
        _any(
            "model_not_found", "model[^.]{0,80}?(?:not found|not exist|unknown model)", "invalid[ _]model",
            "no such model", "unknown model", "not a valid model", "no endpoints found for",
        ),
        Trouble.MODEL_UNKNOWN,
    ),
    Row(
        _any(
            "content_?filter", "content_policy", "content[ _]management", "responsibleai", "moderation",
            "flagged",
            "invalid_prompt", "inappropriate", "data_?inspection", "content exists risk", "usage polic",
            "safety (?:system|filter|setting)", "blocked by", "prohibited_content", "sensitive",
            r"violat\w+ .{0,60}polic", "敏感", "不安全",
        ),
        Trouble.FILTERED,
    ),
    Row(
        _any(
            "non-?stream", r"stream\w*`?\s*(?:=|must|is required|should|mode)", "only .{0,30}stream",
            "(?:requires?|use) (?:stream|streaming)", "非流式",
        ),
        streamed, REFUSALS,
    ),
    Row(_not_taken("stream_options|include_usage"), uncounted_stream, REFUSALS),
    Row(_not_taken("max_completion_tokens|max_tokens"), other_limit, REFUSALS),
    Row(_not_taken("temperature"), no_temperature, REFUSALS),
    Row(
        _any(
            r"(?:system|developer)[ _-](?:role|message|instruction|prompt)s?\W.{0,60}(?:not|unsupported|n't)",
            "roles must alternate", "unknown role", "only user and assistant",
        ),
        rules_in_question, REFUSALS,
    ),
    Row(
        _any(
            "context", "n_ctx", "too long", "too large", "exceed", "sequence length", "token limit",
            "reduce (?:the length|your)", "tokens per min", "tpm", "must have less than", "max_new_tokens",
            "超出", "过长",
        ),
        within_window,
    ),
    Row(
        _any(
            "range", "too (?:large|high|big|many)", "at most", "maximum", "exceed", "must be", "less than",
            "up to",
            "greater", "above", "<=", ">", "limit", "invalid", "between", "超", "范围",
        ),
        shorter_answer, REFUSALS,
    ),
    Row(
        _any(
            "context_length_exceeded", "exceed_context", "context (?:length|size|window)",
            "maximum context", "too long",
            r"(?:input|prompt|request|payload|message)\w* (?:is |are |entity )?too (?:long|large)",
            "n_ctx", "overflow",
            "(?:input|prompt) (?:length|tokens?)", "token count", "上下文", "过长",
        ),
        too_long,
    ),
    Row(
        _any("context_length_exceeded", "exceed_context", "context (?:length|size|window)", "too long"),
        Trouble.TOO_LONG, REFUSALS,
    ),
    Row(
        _any(
            "response_?format", "json_?schema", "json_?object", "json mode", "structured[ _]output",
            "schema", "grammar",
            "guided", "nesting depth", "too many states", "additional_?properties", "failed to generate json",
            "json_validate",
        ),
        simpler_format, REFUSALS,
    ),
    Row(_any(""), simpler_unless_known, frozenset({400, 415, 422, 501})),
)  # fmt: skip
STATUSES = {
    401: Trouble.KEY_WRONG,
    402: Trouble.OUT_OF_MONEY,
    403: Trouble.KEY_WRONG,
    404: Trouble.MODEL_UNKNOWN,
    408: Trouble.SERVER_FAILED,
    409: Trouble.SERVER_FAILED,
    413: Trouble.TOO_LONG,
    429: Trouble.RATE_LIMITED,
}


def tried_next(known: Capabilities, heard: Heard, asked: Asked) -> Capabilities | Trouble:
    """What a refusal means: other capabilities to ask in at once, or the trouble that it is."""
    for row in TABLE:
        if row.statuses and heard.status not in row.statuses:
            continue
        if not row.says.search(heard.everything):
            continue
        found = row.then if isinstance(row.then, Trouble) else row.then(known, heard, asked)
        if found is not None and found != known:
            return found
    return by_status(heard.status, answered_before=asked.answered_before)


def by_status(status: int, *, answered_before: bool) -> Trouble:
    """The trouble of a refusal whose words say nothing; of one request alone where others were taken."""
    if status in STATUSES:
        trouble = STATUSES[status]
        one_alone = answered_before and status in {403, 404}
        return Trouble.NOT_TAKEN if one_alone else trouble
    if status >= 500:
        return Trouble.SERVER_FAILED
    return Trouble.NOT_TAKEN if answered_before else Trouble.REJECTED
