-- One row in every table of the first release, as that release wrote it. Databases hold such rows: never change these.
INSERT INTO topics ("slug", "position", "definition")
    VALUES ('t', 0, '{}');
INSERT INTO subscribers ("id", "reference", "address", "address_key", "domain", "name", "standing", "length", "frequency", "time_zone", "hour", "paused_until", "consent", "joined_at", "confirmed_at", "left_at", "link_generation", "version")
    VALUES (1, 'r', 'Ada@example.org', 'ada@example.org', 'example.org', 'Ada', 'active', 'full', 'weekly', 'UTC', 8, '2026-07-01', 'invented', '2026-06-02 03:00:00+00:00', '2026-06-02 03:00:00+00:00', NULL, 2, 5);
INSERT INTO follows ("subscriber_id", "topic_slug")
    VALUES (1, 't');
INSERT INTO history ("id", "subscriber_id", "at", "source", "change")
    VALUES (1, 1, '2026-06-02 03:00:00+00:00', 'a page', '{}');
INSERT INTO address_changes ("subscriber_id", "code", "address", "requested_at")
    VALUES (1, 'c', 'b@example.org', '2026-06-02 03:00:00+00:00');
INSERT INTO suppressions ("kind", "value", "cause", "note", "at")
    VALUES ('address', 'cy@example.org', 'bounced', '', '2026-06-02 03:00:00+00:00');
INSERT INTO limits ("key", "tokens", "at", "full_at")
    VALUES ('k', 0.5, '2026-06-02 03:00:00+00:00', '2026-06-02 04:00:00+00:00');
INSERT INTO papers ("id", "version", "title", "abstract", "authors", "categories", "primary_category", "submitted", "updated", "comment", "journal_reference", "doi")
    VALUES ('2605.90001', 1, 'A <title>', 'An abstract', '["A. Author"]', '["cs.LG"]', 'cs.LG', '2026-05-26 03:00:00+00:00', '2026-05-26 03:00:00+00:00', NULL, NULL, NULL);
INSERT INTO fetches ("topic_slug", "question", "day", "paper_ids", "fetched_at")
    VALUES ('t', 'q', '2026-06-02', '["2605.90001"]', '2026-06-02 03:00:00+00:00');
INSERT INTO sightings ("topic_slug", "paper_id", "window_label", "version", "taken")
    VALUES ('t', '2605.90001', '2026-W22', 1, TRUE);
INSERT INTO cards ("subject", "prompt_version", "model", "content")
    VALUES ('s', '1', 'm', '{}');
INSERT INTO issues ("label", "first", "last", "built_at", "content_hash", "approved_hash", "approved_at", "planned_at", "audience", "halt")
    VALUES ('2026-W22', '2026-05-25', '2026-05-29', '2026-06-02 03:00:00+00:00', 'h', 'h', '2026-06-02 03:00:00+00:00', '2026-06-02 03:00:00+00:00', 1, NULL);
INSERT INTO briefs ("issue_label", "topic_slug", "position", "content")
    VALUES ('2026-W22', 't', 0, '{}');
INSERT INTO deliveries ("id", "issue_label", "subscriber_id", "topics", "length", "state", "reason", "attempt", "claim", "worker", "claimed_at", "settled_at", "retry_at", "fact", "fact_at")
    VALUES (1, '2026-W22', 1, 't', 'full', 'accepted', '250 OK', 1, 1, 'host:1:1', '2026-06-02 03:00:00+00:00', '2026-06-02 03:00:01+00:00', NULL, 'delivered', '2026-06-02 03:00:02+00:00');
INSERT INTO provider_events ("key", "at")
    VALUES ('e', '2026-06-02 03:00:00+00:00');
INSERT INTO buckets ("name", "tokens", "at")
    VALUES ('smtp', 1.0, '2026-06-02 03:00:00+00:00');
