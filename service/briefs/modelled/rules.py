"""What holds for every sentence that a language model writes or checks, in the words of the prompts."""

from service.briefs.modelled.asking import NUMBER_RULE, QUOTE_RULE

VOICE = """\
Write for three readers at once: an engineer of the field, a second-year student and a head of group with \
eight minutes. Write as you would tell a colleague across the table: whole, easy sentences that can be \
read aloud once and understood. Each takes up the one before it or turns from it (so, but, by contrast, \
that may be why), and says in plain words what a thing does before it says how much it gains. When words \
are short, tell fewer things, never the same things in fewer words. 10 to 24 words a sentence, one thought \
each, active verbs; no noun stacks ("all-success rollout clips"), no telegram style, no semicolons, at most \
one aside a sentence. One comparison a sentence: one thing measured, one rival, one number or one pair of \
numbers. A second comparison is another sentence, or is not told; most numbers of a paper are not told. A \
standard term or acronym is explained in a clause where it first stands, once. No praise (novel, powerful, \
significant), no list of names, no template: two items in a row are not built alike. What the brief has \
said once is not said again in other words.

The manner, shown on invented papers of another field (take the manner, not the words):
heading: Slow charging helps only cells that are already old
thesis: Charging slowly seems to save life late: it pays once a cell has lost capacity, and hardly before.
S1 [[P1]] charges a cell in short pulses with rests between, so that lithium has time to settle in the \
electrode instead of plating on it.
S2 After 800 cycles its cells keep 91% of their capacity, where constant current keeps 84%. (setting: 40 \
pouch cells, 25 °C)
S3 For the first 300 cycles, though, the two hardly differ.
S4 [[P2]] finds the same from the other side: it pulses new cells only, and sees no gain after a year.
S5 (reading) The extra hour is probably well spent on a pack in its second life. For a new one, nothing here \
speaks for it."""

FACT_RULES = f"""\
Facts (kind "fact") say what papers say:
- A fact cites 1 to 3 papers, each with a quote. The first sentence on a paper names it by key, as [[P3]]; \
the page shows the paper there under the name that stands behind "shown as". The sentences right after it \
on the same paper say "it", "the method", "the benchmark", "its cells", never the key again. That name may \
be one of its methods: where a result is another variant's, the sentence says so once, as in "TOPD, a \
variant in [[P2]]", and then simply "it". The page adds links: no title, author or link is written, and no \
link is in a quote.
- Every part of it is carried by what the cited papers say, in the same meaning: who does what to what, in \
which direction, under which condition, how often. Qualifiers stay (up to, on average, in simulation, \
often, can), and so does what a gain is measured against. A fact about several papers is true of each of \
them as it stands; better two facts than one that blurs them.
- A number stands with what it was measured on. Where the paper gives model, size, benchmark or baseline, \
they stand in the sentence or, shorter, in `setting` (at most 10 words, such as "Qwen2.5-7B, AIME24, \
against GRPO"); the page shows the setting in small type behind the sentence. It says nothing that the \
sentence says. `setting` is empty where the sentence has no number. A setting belongs to the very number \
beside it, in words that readers know: no configuration strings. Say what a number is of (points or \
relative, higher or lower is better, the level aimed at) where the paper does.
- A comparison names both sides and what is compared: "2.3 points better" than what? Points and percent are \
told apart, and a relative change ("46 % less") names what it is relative to. Two numbers that were taken \
against different rivals never stand in one sentence. A word that one paper coined ("clip", "circuit") is \
explained in that sentence or not used. A sentence can be understood without the one before it, but for \
who is meant.
- Read a number beside its sentence before it is written: would a reader take it for what the sentence says \
(who hears "24% used" hears that much is left)? A score says what it stands against (chance, people, the \
best rival). A gain over a weak rival (nothing at all, an untuned baseline) is told beside the nearest \
rival's figure; where the abstract has none, half a clause says so ("no success rate is given", "how much a \
tuned rival gains is not said"). "Sharpest case", "up to", "on one benchmark" go with the number wherever \
it stands.
- Say the size of an effect, not that there is one: "consistently improves", "state of the art" and \
"substantially better" tell nothing. Where the paper gives no size, tell its mechanism or its scope \
instead. Where a gain looks small, a baseline weak or a test narrow, the sentence after it says so, if the \
paper's words show it.
- {NUMBER_RULE}
- {QUOTE_RULE} One paper may be quoted twice in a sentence. `rests_on` is empty."""

READING_RULES = """\
Readings (kind "reading") are ours: what the facts mean. They are shown in another type.
- `rests_on` lists the ids of the facts it follows from, one to four of them; citations and setting are \
empty. It brings in no fact, name, number or paper that those facts do not hold. Papers may be named by \
key if the facts cite them.
- It must follow. Allowed: what two results together suggest, which mechanism would explain them (said as \
a guess), where they disagree, what a reader should do or test differently, what remains open between \
exactly these papers. Not allowed: joining two papers that measured different things as if one confirmed \
the other; a rule from two or three cases; saying that one paper explains, needs or settles another; \
causes that no paper tests; "both", "any", "always", "the field". Name the limit that matters.
- Where a fact beside it points the other way, the reading takes it in: not "X, while Y", but what would \
have to hold for both ("not that the text is its own, but that something filters it"), said as a guess. What \
differs between the two (task, model size, length, how the signal is checked)? Where two papers explain one \
effect by different causes, the reading says what each would predict, and which observation would tell.
- It could stand in no other week. "More evaluation is needed", "careful ablations", "promising" are no \
readings.
- It commits: one plain sentence, one hedge, what a reader should now believe or do differently than last \
week.
- Advice only where the facts bear it, and then concrete: what to change, on what, and which measure \
decides (task success before a proxy). It stays with the model, task and data that the facts name: a method \
of one paper is not sent to another paper's benchmark. One abstract is a reason to look, not an order: \
"worth a test where …", not "drop", "replace" or "always". "Try it and keep it if it is better", "judge it \
by quality and cost together", "test it on more models" hold for any method of any week and are platitudes; \
say instead what to believe now, and how surely. No two pieces of advice in a brief are built alike.
- One hedge: "seems", "may", "suggests" or "probably", never two of them, and no list of conditions behind \
it: the one limit that matters."""

HEADING_RULES = """\
A heading has 5 to 12 words in sentence case and states a finding of its papers with names of things \
(methods, quantities), not a subject. It is true of every paper told under it. It holds no number, and no \
key unless one paper carries it alone. A paper that is told as its limit or counter-example need not fit \
it, if its sentence says that it is one ("by contrast", "not so in"): it measures the same thing and comes \
out otherwise. What measures something else is no counter-example, and is left out."""
