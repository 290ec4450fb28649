"""English word lists that tell a noun phrase from the words around it, for any field that arXiv covers."""

# ruff: noqa: SIM905 - a list of words reads better as text

FUNCTION_WORDS = frozenset(
    """
    a an the this that these those its their our your his her my it they we you he she i us them him me
    who whom whose which what when where why how whether if then than so as at by for from in into of off
    on onto out over per to toward towards under until up upon via with within without across after
    against along alongside amid among amongst around because before behind below beneath beside besides
    between beyond despite down during except inside like near outside since through throughout though
    although unlike versus vs while whereas and or nor but yet both either neither not no only also too
    very more most less least much many few fewer several some any all each every other others another
    such same own rather quite just even still already ever never often always usually typically sometimes
    here there now again once twice thus hence therefore however moreover furthermore additionally
    nevertheless nonetheless instead otherwise meanwhile finally first second third firstly secondly
    thirdly lastly one two three four five six seven eight nine ten is are was were be been being am do
    does did done doing has have had having can could may might must shall should will would cannot it's
    e.g i.e etc et al respectively together apart aside almost nearly about above ago else something
    anything nothing everything someone anyone none itself themselves ourselves himself yourself dozens
    hundreds thousands millions upto long-standing so-called non maybe perhaps rest half plus minus times
    well long back far away ahead
    """.split()
)

# Words that stand before a noun without saying which noun: they end a phrase, as function words do.
WEAK_MODIFIERS = frozenset(
    """
    new novel existing different various diverse key main major important significant substantial
    considerable recent current previous prior modern traditional conventional standard common typical
    certain specific particular particularly general overall entire whole total full complete simple
    complex easy hard difficult challenging good better best poor strong stronger strongest weak weaker
    large-scale larger largest smaller smallest higher highest lower lowest greater increasing growing
    wide wider broad broader extensive comprehensive rich remarkable notable promising effective efficient
    practical crucial critical essential fundamental central core primary potential possible available
    suitable appropriate necessary able capable unable likely unlikely similar identical distinct separate
    individual single multiple numerous additional further extra final initial original given proposed
    resulting corresponding underlying respective related relevant useful powerful popular superior
    competitive consistent state-of-the-art sota cutting-edge real-world high-quality well-known
    widely-used ubiquitous unprecedented emerging advanced sophisticated mere sheer true actual real early
    late later latest next last past future near non-trivial nontrivial straightforward systematic
    thorough principled unified holistic scalable versatile flexible generic universal tailored dedicated
    careful clear explicit seamless naive vast massive small large big huge high low free open-source
    publicly public meaningful prominent pivotal vital inherent so-called up-to-date end-to-end
    plug-and-play first-of-its-kind entirely highly fully widely directly effectively efficiently
    significantly substantially
    """.split()
)

# At the end of a clause they look like nouns; they name nothing.
COMPARATIVES = frozenset(("best", "better", "fewer", "less", "more", "worse", "worst"))

# Nouns that every abstract holds: a phrase may hold one, but not consist of them.
WEAK_NOUNS = frozenset(
    """
    paper papers work works study studies article method methods methodology approach approaches technique
    techniques framework frameworks system systems model models algorithm algorithms result results
    experiment experiments evaluation evaluations analysis analyses performance accuracy problem problems
    task tasks challenge challenges issue issues setting settings scenario scenarios case cases way ways
    number numbers set sets type types kind kinds range variety level levels process processes step steps
    stage stages phase phases part parts component components module modules aspect aspects feature
    features factor factors property properties information knowledge data dataset datasets benchmark
    benchmarks baseline baselines metric metrics score scores value values rate rates size sizes amount
    degree point points example examples instance instances sample samples input inputs output outputs
    goal goals objective objectives aim purpose role impact effect effects influence improvement
    improvements gain gains increase decrease reduction advantage advantages benefit benefits limitation
    limitations capability capabilities ability abilities capacity potential quality efficiency
    effectiveness robustness generalization application applications use usage user users researcher
    researchers practitioner practitioners community field area areas domain domains literature research
    evidence finding findings insight insights contribution contributions solution solutions strategy
    strategies design designs implementation implementations code codes tool tools resource resources time
    times year years order term terms form forms structure structures function functions need needs demand
    requirement requirements question questions answer answers idea ideas concept concepts notion theory
    theories principle principles assumption assumptions condition conditions constraint constraints
    parameter parameters variable variables context contexts environment environments world state art
    language text image images video videos network networks neural learning training test testing
    inference machine deep artificial intelligence large llm llms ai ml generation prediction estimation
    optimization recent existing human humans people today success progress advance advances development
    developments trend attention focus interest practice perspective perspectives view gap gaps setup
    pipeline pipelines family families line lines end ends side sides space spaces representation
    representations architecture architectures reasoning agent agents content update updates behavior
    behaviors behaviour access selection cost costs management consistency diversity signal signals
    mechanism mechanisms formulation object objects map maps interaction interactions response responses
    unit units direction directions drift defense defenses pair pairs regime regimes decision decisions
    deployment dynamics risk risks service services platform platforms library libraries execution
    dimension dimensions layer layers token tokens receiver participation statistic statistics
    understanding perception content simulation construction operation operations measure measures
    distribution distributions graph graphs loss losses rule rules
    """.split()
)

# Phrases that are whole fields or stock wording: true of too much to head a theme or name a paper.
WEAK_PHRASES = frozenset(
    """
    large language model|language model|neural network|deep learning|machine learning
    deep neural network|artificial intelligence|extensive experiment|experimental result
    empirical result|ablation study|training data|real world|case study|open source|source code
    computational cost|future work|future research|data set|research direction|key insight|key challenge
    main contribution|wide range|broad range|training set|test set|foundation model|generative ai
    ground truth|use case|best practice|state of the art|learning model|ai system|ai model|llm model
    world application|empirical evaluation|empirical study|experimental evaluation|base model
    time series data|test time|inference time|training time|run time|training process
    comparable performance|performance gain|performance improvement|model performance|downstream task
    key component|key factor|high level|high quality|quality data|order of magnitude|percentage point
    github repository|project page|code and data|large scale|baseline method|evaluation result
    learning framework|learning algorithm|learning method|learning approach|generation model|multi task
    end to end|single model|model size|frontier model|ai agent|llm agent|evaluation framework
    evaluation metric|human evaluation|research question|core challenge|central challenge
    practical deployment|model training|model architecture|training framework|input data|data point
    standard benchmark|public dataset|benchmark dataset|large model|small model|learning task|new model
    average accuracy|final answer|system design|design space|search space|design choice
    machine learning model|deep learning model|learning based method|proposed method|llm based agent
    large vision language model|quantitative result|qualitative result|numerical result
    numerical experiment|simulation result|theoretical analysis|theoretical result|open problem
    open question|main result|special case|real data|trade off|upper bound|lower bound|failure mode
    inductive bias|manipulation task|financial data|macro f1|key challenge
    """.replace("\n", "|")
    .replace("    ", "")
    .split("|")
)

ACRONYMS = frozenset(
    """
    ai ml dl nlp cv rl llm llms slm slms vlm vlms mllm mllms lmm lvlm lvlms vla vlas moe moes lora peft
    sft rlhf rlaif rlvr grpo ppo dpo kto opd sgd adam gpt bert vit vits cnn cnns rnn lstm gru mlp gnn gnns
    gan gans vae vaes svm pca kl mse rmse mae auc roc f1 snr psnr ssim fid map iou bleu rouge cot tot rag
    kv api apis gpu gpus cpu cpus tpu ram fpga asic soc iot http https tcp udp dns ip sql json xml html
    css url pdf ui gui cli ide sdk os vm vms ci cd qa vqa ocr asr tts nmt mt ner pos ir kg kgs owl rdf sat
    smt ltl ctl mdp pomdp pde pdes ode odes ssm ssms dit dits nerf 3dgs slam lidar imu gps rgb rgbd hdr
    sar mri ct pet ecg eeg fmri ehr ehrs icu dna rna uav uavs v2x 5g 6g mimo ofdm qam ldpc cve cves cvss
    sast owasp mitre nist gdpr hipaa eu us usa uk un ieee acm iso ietf rfc arxiv github huggingface stem
    phd id ood iid nas xai agi asi hpc mpi cuda rocm sota dp fl he mpc zk zkp tee tees pki tls ssl aes rsa
    ecc qkd qubo nisq mcp a2a swe hci xr vr ar mr cad cam bim erp crm kpi roi esg ipo etf var cvar icl ift
    mcts dqn td sac ddpg tta ttt uq ebm pinn pinns fno ann bm25 tf-idf sdn nfv qos qoe pac vc np nphard
    dnn dnns ablation english chinese python java javascript rust linux windows android docker kubernetes
    wikipedia reddit imagenet cifar coco mnist qwen llama gemma mistral deepseek gemini claude openai
    chatgpt anthropic google nvidia pytorch tensorflow transformer transformers mamba clip sam dino
    whisper gsm8k math aime mmlu humaneval bayesian gaussian markov euclidean riemannian fourier lipschitz
    wasserstein hilbert banach poisson bernoulli monte carlo shannon nash pareto turing dirichlet
    hamiltonian lagrangian jacobian hessian fisher
    """.split()
)

_VERBS = """
    accelerate accommodate accomplish account achieve acquire adapt add address admit adopt advance affect
    aggregate aim align allocate allow alleviate amplify analyse analyze answer anticipate appear apply
    approximate argue arise assess assign assume attain attempt augment avoid balance become begin behave
    believe benefit bound break bridge bring build bypass calculate call capture carry cause characterise
    characterize choose circumvent claim clarify close collect combine come compare complement compose
    comprise compute conclude conduct confirm connect consider consist constitute construct contain
    continue contribute convert convey correspond cover create decide decompose decouple decrease dedicate
    deduce define degrade deliver demand demonstrate denote depend deploy derive describe deserve detail
    detect determine develop deviate devise differ diminish discover discuss display disentangle disrupt
    distinguish diverge drive drop dub eliminate elucidate embed emerge emphasise emphasize employ empower
    enable encompass encode encounter encourage enforce enhance enlarge enrich ensure entail establish
    estimate evaluate evolve examine exceed exhibit exist expand expect experience explain exploit explore
    expose express extend extract facilitate fail fall fill find focus follow force form formalise
    formalize formulate foster gain gather generalise generalize generate get give go govern grow
    guarantee guide handle harm harness help highlight hinder hold hurt identify illustrate imply impose
    improve incorporate increase incur indicate induce infer inform inherit inhibit inject inspire
    instantiate integrate intend interpret introduce investigate involve isolate keep know lack lead learn
    leave let leverage lie limit localise localize lose maintain make manage manifest maximise maximize
    mean measure meet minimise minimize mitigate modify motivate move necessitate need neglect obscure
    observe obtain occur offer operate optimise optimize organise organize originate outline outperform
    overcome overlook perform permit persist pinpoint plague play pose position posit possess predict
    prefer prepare present preserve prevent prioritise prioritize proceed produce promise promote propose
    prove provide pursue quantify raise reach realise realize receive recognise recognize recommend
    reconcile reconstruct recover reduce refer refine reflect reformulate reframe regard reject relate
    relax release rely remain remove render repeat replace report represent reproduce require resemble
    reside resolve respect respond restrict result retain rethink reveal review revisit run satisfy say
    scale see seek seem select separate serve share shed shift show simplify simulate solve span specify
    spend stabilise stabilize stand start stem strengthen strike struggle study substitute succeed suffer
    suggest suit summarise summarize suppose suppress surpass sustain synthesise synthesize tackle tailor
    take target tell tend think track trade traverse treat trigger turn uncover undergo underestimate
    underlie undermine underscore understand unify unlock unveil update use utilise utilize validate
    vanish vary verify view violate want weaken wish work worsen write yield ask articulate assemble
    attribute collapse concentrate contrast coordinate correlate couple curate delve depict devote
    dominate double elicit evidence exceed execute fit fuse hypothesise hypothesize impact impede improve
    induces insert instruct interact invoke launch map mask match mirror monitor navigate orchestrate
    outline overfit own pair partition penalise penalize perturb pre-train probe propagate query recast
    recommend regress retrieve reuse reward route saturate stress structure survey switch test tolerate
    transcend transfer transform translate travel truncate tune underperform unfold withstand catch feel
    matter
    """.split()

# These verbs are as often the nouns of a phrase: only their forms that can't be nouns count as verbs.
_ALSO_NOUNS = frozenset(
    """
    account answer balance benefit bound break bridge build call cause claim contrast demand display drop
    embed experience exploit focus force form gain guide harm help impact inject interact increase
    decrease lead limit map mask match measure mean mirror monitor need pair play position probe promise
    query reach reason regress release report result review reward route run scale share shift span start
    stem stress structure study survey switch target test track trade transfer transform turn update use
    view work write yield work study evidence respect double view drive fit couple advance attribute
    estimate model plan reuse render matter
    """.split()
)

NOUN_INGS = frozenset(
    """
    learning training reasoning planning tuning fine-tuning finetuning decoding encoding sampling modeling
    modelling processing understanding editing rendering routing clustering prompting forgetting hacking
    programming mining coding engineering scheduling testing matching tracking ranking reranking
    re-ranking steering caching pruning grounding scaling jailbreaking fuzzing watermarking imaging
    forecasting trading pricing hedging computing pre-training post-training pretraining posttraining
    mid-training unlearning meta-learning captioning parsing streaming batching monitoring sensing driving
    manufacturing marketing spectroscopy lensing filtering smoothing hashing indexing signing voting
    bidding bargaining teaming red-teaming auditing logging debugging refactoring profiling checking
    rewriting proving theorem-proving solving problem-solving thinking question-answering answering
    recommending labeling labelling annotating crowdsourcing screening phishing spoofing poisoning
    tampering backdooring tutoring grading teaching writing counseling self-training co-training parking
    navigation masking shaping reward-shaping smoothing conditioning preconditioning averaging weighting
    reweighting splitting switching gating mapping remeshing meshing tracing ray-tracing shading splatting
    inpainting outpainting matting setting string strings thing things king ring spring wing building
    buildings meaning meanings embedding embeddings beginning being finding findings rating ratings
    offloading spiking provisioning slicing beamforming sounding hearing listening speaking reading
    viewing bootstrapping stacking bagging boosting ensembling chunking tokenizing packing binning
    quantizing rounding sharding partitioning parallelism pipelining prefetching checkpointing
    fingerprinting sandboxing patching hardening cheating scheming sandbagging deceiving storytelling
    role-playing roleplaying gaming machine-learning self-play negotiating memorizing overfitting
    underfitting prefilling
    """.split()
)

# Participles that name a kind of thing when they stand before a noun.
NOUN_EDS = frozenset(
    """
    supervised unsupervised self-supervised semi-supervised pretrained pre-trained fine-tuned quantized
    distributed federated grounded structured unstructured augmented embedded automated weighted masked
    nested mixed fixed constrained unconstrained regularized controlled decentralized centralized shared
    typed untyped labeled unlabeled biased unbiased delayed bounded unbounded quantised speed seed feed
    need weed breed bed red shed personalized linked layered connected discounted randomized parameterized
    generalized localized
    """.split()
)

# Nouns with the endings of adjectives: they may end a phrase.
NOUNS_LIKE_ADJECTIVES = frozenset(
    """
    signal signals retrieval removal proposal proposals goal goals trial trials journal journals approval
    material materials potential potentials portal portals animal animals hospital hospitals capital
    interval intervals individual terminal terminals tutorial tutorials withdrawal survival arrival
    refusal objective objectives perspective perspectives primitive primitives archive archives directive
    directives derivative derivatives narrative narratives drive dive adjective collective metric metrics
    logic logics topic topics music traffic arithmetic heuristic heuristics statistic statistics semantics
    physics dynamics mechanics mathematics ethics economics analytics robotics graphics kinematics
    linguistics diagnostics clinic clinics fabric public mechanic table tables variable variables cable
    cables observable observables transferable virus viruses consensus corpus status bus apparatus genus
    focus campus bonus census calculus stimulus radius rational referral mammal
    """.split()
)

ADJECTIVE_ENDINGS = tuple(
    """
    al ive ous able ible based aware driven level ful less ic ary ly oriented guided free wise specific
    agnostic scale shot efficient step time order term round turn horizon tail like dimensional centric
    invariant preserving source facing generated augmented grained quality rank precision
    """.split()
)
# Of these, endings that speak only where a hyphen stands before them: "token-level", not "level".
HYPHENATED_ENDINGS = frozenset(
    """
    level scale shot step time term order round turn horizon tail free source wise like quality specific rank
    precision based aware driven oriented guided facing efficient safe case
    """.split()
)

TEX_WORDS = frozenset(
    """
    emph textbf textit texttt textsc textrm text mathcal mathbb mathrm mathbf mathsf frac sqrt begin end
    left right cdot times leq geq epsilon alpha beta gamma delta lambda sigma theta omega infty rightarrow
    to in sim approx https http www com github io url href cite ref
    """.split()
) - {"text", "end", "left", "right"}

# Heads of phrases that measure something: "success rate" is what papers report, not what they are about.
METRICS = frozenset(
    """
    rate accuracy score performance quality success result value time number level size length count
    amount gain improvement utility effectiveness ratio percentage speed throughput metric work way
    direction unit setting
    """.split()
)

# A word such as "on-policy" or "non-IID" stands before a noun; it is none.
MODIFYING_PREFIXES = frozenset(
    """
    on off in out cross multi non high low black white gray grey long short zero few one two three single
    open closed inter intra sub super real hard soft hand self co full half mid early late large small
    large-scale fine coarse out-of state-of-the end-to plug-and human-in-the inference test train training
    run first second third any all held next per bottom top real-time day end time data model user task
    domain application vision image video text audio speech audio-visual vision-language natural-language
    pre post well ill deep
    """.split()
) - {"self", "fine", "pre", "post", "co", "audio", "speech", "text", "image", "video"}

# Nouns in -ation and -ization that name no way of doing things.
NO_METHODS = frozenset(
    """
    information station situation population location relation correlation observation motivation
    application evaluation representation foundation organization realization publication documentation
    citation notation annotation conversation education destination specification limitation hallucination
    combination variation configuration operation duration generalization degradation citation
    presentation expectation implementation occupation deviation transformation explanation interpretation
    communication collaboration corporation
    """.split()
)

METHOD_HEADS = frozenset(
    """
    learning optimization optimisation distillation decoding search sampling training tuning fine-tuning
    finetuning pruning quantization attention regularization retrieval augmentation prompting planning
    verification estimation clustering simulation analysis inference gradient descent annealing diffusion
    transformer transformers autoencoder autoencoders kernel kernels reranking ranking adaptation adapter
    adapters encryption protocol protocols fuzzing steering editing routing caching compression
    decomposition factorization projection filtering smoothing matching alignment merging averaging
    ensembling ensemble ensembles bootstrapping bandit bandits policy policies programming solver solvers
    scheduling debate orchestration watermarking detection unlearning matching splatting rendering
    tokenization embedding embeddings encoder encoders imitation reinforcement parallelism speculation
    verification checking proving typing synthesis execution testing fingerprinting anonymization
    aggregation calibration shaping modeling modelling mechanism mechanisms operator operators quadrature
    expansion transport game games auction auctions forecasting hedging regression classification
    segmentation registration reconstruction pooling gating masking pretraining pre-training post-training
    self-play curriculum rollout rollouts replay surrogate surrogates heuristic heuristics critique
    critiques supervision rubric rubrics reward rewards graph graphs tree trees memory generation
    quantisation tracking navigation control search localization captioning segmentation forecasting
    """.split()
)

# Ways of working that any field has, for windows whose papers share no method by name: name, verb and words.
WAYS_OF_WORKING = (
    (
        "Proofs and bounds",
        "prove or bound something",
        r"\b(?:we prove|prov(?:es?|ing) that|theorems?|(?:lower|upper) bounds?|(?:un)?decidab\w+)\b",
    ),
    (
        "Benchmarks and evaluation",
        "rest on a benchmark or a data set",
        r"\b(?:benchmarks?|data ?sets?|corpus|leaderboards?)\b",
    ),
    (
        "Simulation and numerical experiments",
        "simulate or compute numerically",
        r"\b(?:simulat\w+|numerical (?:results|experiments|examples|analysis)|Monte Carlo)\b",
    ),
    (
        "Systems and prototypes",
        "build a system or a prototype",
        r"\b(?:prototypes?|our implementation|open-source (?:tool|system|library)|toolkit|architecture)\b",
    ),
    (
        "Surveys and taxonomies",
        "survey or order a field",
        r"\b(?:surveys?|systematic reviews?|taxonom(?:y|ies)|literature reviews?)\b",
    ),
    (
        "Learned models",
        "train a model",
        (
            r"\b(?:(?:we|is|are) train(?:ed)?|(?<!\bno )(?<!without )fine-tun\w+|neural networks?|"
            r"transformers?|language models?)\b"
        ),
    ),
)

# Words that stand at the head of many a title's first phrase and tell little of the paper.
STOCK_OF_TITLES = frozenset(
    """
    identification detection classification exploration discovery investigation comparison assessment
    examination introduction place student students understanding submission comparative experimental
    empirical exploratory iterative automated automatic preliminary novel report proposal characterization
    quantification consideration lessons learned journey recipe guide role roles law laws token tokens
    paradigm mechanism mechanisms selection construction creation adoption deployment integration
    interaction relationship connection link lens winning case toolkit platform library adaptive dynamic
    hybrid intelligent smart enhanced improved optimal multimodal multi-modal visual neural semantic
    automated online offline
    """.split()
)
# Whole fields and their tasks: no name for one paper.
FIELDS = WEAK_PHRASES | frozenset(
    """
    reinforcement learning|supervised learning|unsupervised learning|federated learning
    continual learning|transfer learning|representation learning|fine tuning|post training|pre training
    vision language model|natural language processing|computer vision|image generation|video generation
    image classification|object detection|semantic segmentation|question answering|data augmentation
    code generation|text generation|machine translation|speech recognition|anomaly detection
    knowledge distillation|knowledge graph|diffusion model|world model|reward model|autonomous driving
    multi agent system|time series forecasting|time series|inverse problem|case study|inductive bias
    domain adaptation|prompt injection|long term effect|software engineering|high performance computing
    quantum computing|information theory|game theory|graph neural network|text to image
    recommender system|recommendation system|vision language|decision making|in context learning
    chain of thought
    flow matching|science education|global pattern|machine unlearning|linear bandit|model scaling
    positional encoding|course selection|tabular prediction|repeated game|retrieval augmented generation
    """.replace("\n", "|")
    .replace("    ", "")
    .split("|")
)

# Small words that tie the words of a name together, and words that can't open a name.
LINKS = frozenset(
    "of for in on with to from via by and or at as the a an under over between into without vs".split()
)
POSSESSIVES = frozenset(
    "its it's their our your my his her whose what's there's that's let's isn't don't".split()
)
BEFORE_VERBS = frozenset(
    "can cannot may might must should will would to not doesn't don't does do let".split()
)


def _inflected(verb: str) -> tuple[str, ...]:
    stem = verb.removesuffix("e")
    if verb.endswith("y") and verb[-2] not in "aeou":
        return (verb, f"{verb[:-1]}ies", f"{verb[:-1]}ied", f"{verb}ing")
    third = f"{verb}es" if verb.endswith(("s", "sh", "ch", "x", "o")) else f"{verb}s"
    return (verb, third, f"{stem}ed", f"{stem}ing", f"{stem}{stem[-1]}ed", f"{stem}{stem[-1]}ing")


def _forms(verb: str) -> tuple[str, ...]:
    forms = _inflected(verb)
    return forms[2:] if verb in _ALSO_NOUNS else forms


_IRREGULAR = """
    found shown showed known given taken made held led built brought left lost chosen drawn seen gone
    became begun grew grown kept met paid put ran sought spent stood stemmed struck told thought
    understood undergone wrote written arose arisen broke broken came did driven fell fallen felt gave got
    let meant rose sent set shed took went underlies underlying overcame underlain fed cut lies lying ties
    dies using based due according compared completes completed
    """.split()

VERBS = frozenset(_VERBS)
_NO_VERBS = NOUN_INGS | {"set", "sets", "cut", "based", "mapping", "mapped", "structured", "embedding"}
VERB_FORMS = frozenset(form for verb in _VERBS for form in _forms(verb)).union(_IRREGULAR) - _NO_VERBS
