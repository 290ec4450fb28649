"""The tests in reading order; each file opens with what it specifies.

The path in one sitting
    test_pipeline test_issues test_emails test_for_you test_ledger test_schedule

Words of papers
    test_tex test_grouping test_tex_of_abstracts test_phrases_of_tex test_sentences test_lemmas test_text

Papers
    test_topics test_proposing test_papers test_senses test_corrections
    adapters: test_arxiv_papers test_announced test_texts test_faulty_texts

Briefs
    test_handles test_grounding test_wording test_stated test_extractive test_counts test_measures
    test_texts_in_briefs
    with a language model: test_prompts test_answers test_keys test_judging test_writing test_modelled
    adapters: test_openai_model test_model_servers

Issues, and the people who let them go
    test_editing test_versions test_issue_check test_approval test_approvals test_asking

E-mails
    test_email_checks test_hostile test_logo test_dkim test_transactional
    judges: test_html test_clients test_lengths test_messages

Delivery
    test_policy test_crashes test_faults test_leases test_progress test_pacing test_tallies test_journal
    test_process_locks test_processes test_deletion test_quarter test_chaos
    mailers: test_outbox_mailer test_smtp_mailer test_sendgrid_mailer
    what comes back: test_provider_events test_bounces test_bounce_mailbox

Subscribers
    test_addresses test_preferences test_links test_roster test_subscriptions test_leaving test_audience
    test_imports test_limits test_postgres

Pages
    test_web test_access test_search test_ordering test_web_briefs test_threads test_references
    test_taking_along test_web_links test_web_subscribers test_web_letters test_oracles test_connections
    test_outbox test_markdown test_reading_group test_zotero
    browser: test_along test_order test_life test_outbox test_evidence test_admin test_admin_week test_looking

Admin pages
    test_admins test_admin_authentication test_admin_this_week test_admin_building test_admin_issue
    test_admin_editing test_admin_evidence test_admin_deliveries test_admin_people test_admin_selection
    test_admin_bulk test_admin_topics test_admin_trends

Commands and operation
    test_cli test_building test_delivering_commands test_printing test_serving test_scheduler test_worker
    test_initializing test_setting_up test_settings test_start_up test_terminal test_doctor test_backups
    test_backup_folder test_migrations test_moving test_audit test_logs test_sentry test_operating test_watch

The project itself
    test_docs test_samples test_invented_texts test_container test_deploy test_wheel
    test_chain test_benchmarks test_cases

Helpers
    conftest    databases that were migrated once and copied, the demo and two real weeks built once
    cases       many cases of one rule in one test
    builders    values: papers, briefs, issues, with everything that a test does not care for
    fakes       what is outside of the process: sources, mailers
    newsrooms   a store with an issue and readers; newsdesk: the same for an admin; readers: for a browser
    weeks       two weeks of real papers, where they lie beside the project
"""
