"""Delivers over SMTP (RFC 5321): several connections, each kept open, pipelined where the server offers it.

session    one connection: envelopes and bodies out, replies in, and what they mean
oauth      an access token, where that is asked for in place of a password
opening    SmtpServer: the connection, TLS and the sign-in
mailer     SmtpMailer: all connections in one loop

The standard library's client opens the sessions (TLS, AUTH, EHLO). From there on one loop over all sockets
does the rest: a thread each would spend its time waiting for the others.
"""

from service.adapters.smtp_mailer.mailer import SmtpMailer
from service.adapters.smtp_mailer.opening import SmtpServer

__all__ = ["SmtpMailer", "SmtpServer"]
