"""Transactional e-mails: confirmations, links, sign-ins, what admins are asked.

writing  whoever causes one writes its row, in the transaction that causes it;
         what the e-mail of a row says, as things stand when it is sent
sending  claims rows, hands e-mails to the mailer and settles them, in a thread beside other work
"""

from service.transactional.sending import TransactionalSender, sending
from service.transactional.writing import SubscriptionEmails

__all__ = ["SubscriptionEmails", "TransactionalSender", "sending"]
