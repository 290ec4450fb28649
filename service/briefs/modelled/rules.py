"""What holds for every sentence that a language model writes or checks, in the words of the prompts."""

from service.briefs.modelled.asking import NUMBER_RULE, QUOTE_RULE

VOICE = """\
Write for an engineer of the field, a second-year student and a head of group with eight minutes, as a good \
editor of a scientific magazine would: one train of thought a paragraph, in whole, plain sentences that can \
be read aloud. The reader hears first what people do and what goes wrong with it, then what this paper does \
about it and why that should help, then what came of it, then what the next paper makes of that. Each \
sentence takes up the one before it. Sentences differ in length, mostly 10 to 26 words, with active verbs; \
no stacks of nouns, no telegram style, no semicolons. Tell few things and tell them whole: three papers that \
a reader can retell are worth more than six in passing, and most numbers of a paper are not told. A standard \
term or acronym, and any word that one paper coined, is explained in a clause where it first stands, or not \
used. No praise (novel, powerful, significant). Two sentences in a row are not built alike, and what the \
brief has said is not said again in other words.

The manner, shown on invented papers of another field (take the manner, not the words):
heading: Slow charging helps only cells that are already old
thesis: Charging slowly seems to save life late: it pays once a cell has lost capacity, and hardly before.
S1 A lithium cell ages when the metal plates its electrode instead of settling in it, and fast charging \
makes that worse.
S2 [[P1]] therefore charges in short pulses with rests between, which give the lithium time to settle.
S3 After 800 cycles its cells keep 91% of their capacity, where constant current leaves 84%. (setting: 40 \
pouch cells, 25 °C)
S4 For the first 300 cycles, though, the two hardly differ.
S5 [[P2]] comes to the same from the other side: it pulses new cells only, and sees no gain after a year.
S6 (reading) The extra hour is probably well spent on a pack in its second life. For a new one, nothing here \
speaks for it."""

FACT_RULES = f"""\
Facts (kind "fact") say what papers say:
- A fact cites 1 to 3 papers, each with a quote. The first sentence on a paper names it by key, as [[P3]]; \
the page shows there the name that stands behind "shown as". The sentences right after it on the same paper \
say "it", "the method", "the benchmark", "its cells", never the key again. That name may be that of one of \
its methods: what another method of the same paper does or gains is told under that one's own name alone, \
without the key (the page adds the paper behind the sentence), and nothing is said of how the two are \
related but what the paper says. Where the name is that of a problem, a finding or the authors and can't do \
what the sentence tells ("Reward Hacking proves …"), the thing itself is the subject and the key stands in \
brackets behind it: "No score on audit data tells removing a bias from shifting it ([[P2]])." Never "the \
paper on [[P2]]". A sentence on what is commonly done, which cites a paper for it, names none. The page \
adds links: no title, author or link is written, and no link is in a quote.
- Every part of it is carried by what the cited papers say, in the same meaning: who does what to what, in \
which direction, under which condition, how often. A sentence that can be read two ways is written anew ("A \
affects B as well as C": is C affected, or does it affect?), and a cause stands with its remedy. Qualifiers \
stay (up to, on average, in simulation, often, can), and so does what a gain is measured against. A fact \
about several papers is true of each of them as it stands; better two facts than one that blurs them. What \
the field does or suffers from is said only as far as a paper says it, and what a paper proves or finds \
keeps the condition under which it does. A reason that authors give ("because", "they credit") is told with \
what they compared, so that a reader sees why it supports them; else it is left out. "By contrast" and \
"although" stand only between two findings on the same question that differ.
- Where a sentence says on what (mathematics, five models, robots in simulation), the quotes say so too: add \
a second quote for it.
- A number says what it is of (points or percent, higher or lower is better) and stands with what it was \
measured on and against: in the sentence or, shorter, in `setting` (at most 10 words, such as \
"Qwen2.5-7B, AIME24, against GRPO"), which the page shows in small type behind it and which repeats nothing \
of the sentence. One comparison a sentence: two numbers against different rivals never stand together. \
`setting` is empty where the sentence has no number. "Up to" and "on one benchmark" go with the number \
wherever it stands; a score says what it stands against (chance, people, the best rival).
- A reader must be able to picture an effect: say its size, its mechanism or where it shows. Where the paper \
gives no size, tell how the thing works and leave the gain out; never write that a figure is missing. Where \
the paper itself shows a gain to be small, a test narrow or a part of the result inconvenient, say so.
- {NUMBER_RULE}
- {QUOTE_RULE} One paper may be quoted twice in a sentence. `rests_on` is empty."""

READING_RULES = """\
Readings (kind "reading") are ours: what the facts mean. They are shown in another type.
- `rests_on` lists the ids of the facts it follows from, one to four of them; citations and setting are \
empty. It brings in no fact, name, number or paper that those facts do not hold. Papers may be named by \
key if the facts cite them.
- It must follow: a careful reader who knows only those facts would conclude it, as hedged as it is. \
Allowed: what two results together suggest, which mechanism would explain them (said as a guess), where they \
disagree, what stays open between exactly these papers, what somebody with this very task and model would \
now do. Not allowed: joining papers that measured different things; a rule from two or three cases; one \
paper made to explain or settle another; causes that no paper tests; "both", "any", "always", "the field"; a \
suspect cleared because one paper did well with it among other changes; a remark that a paper makes in \
passing taken for something it tested; a method of one paper sent to another paper's benchmark; an order \
from one abstract ("drop", "replace").
- A fact beside it that points the other way is taken in: what would have to hold for both?
- It covers each of its facts with that one's own scope; what holds of one is not said of all, and two \
findings that do not oppose each other are not set against each other. It could stand in no other week. \
"More evaluation is needed", "careful ablations", "promising", "try it and keep it if it is better", "test \
it on more models" are no readings.
- It says one thing, plainly, as one would say it to a colleague: what to believe or do now, in which case, \
and in which not. One hedge ("seems", "may", "suggests", "probably") where there is doubt, none where the \
facts say it straight ("no paper compares the two"), and not the same one twice in a row. It does not say a \
fact beside it again in general words."""

HEADING_RULES = """\
A heading has 5 to 12 words in sentence case and states a finding of its papers with names of things \
(methods, quantities), not a subject. It is true of every paper told under it. It holds no number, and no \
key unless one paper carries it alone. A paper that is told as its limit or counter-example need not fit \
it, if its sentence says that it is one ("by contrast", "not so in"): it measures the same thing and comes \
out otherwise. What measures something else is no counter-example, and is left out."""
