"""`make chain`: the service among real mail software, all of it on this machine's loopback.

packages    what has to be installed, and why it is left out where it can't be
programs    a program in the foreground, free ports, waiting
postfix     Postfix: one instance with a folder, a queue and ports of its own
dovecot     Dovecot: mailboxes (LMTP, Sieve, quota), IMAP, and sign-in for the relay
verifier    DNS records (dnsmasq), and rspamd, which judges DKIM and DMARC by them
world       the chain put together: brief → relay → receiver with rspamd → mailboxes → IMAP
statements  what has to hold, one after another
"""
