"""What a server's reply means, by its codes first, and whose fault it is."""

from service.delivery import Fault, Outcome, State
from service.delivery.policy import Enhanced, Reply, Stage
from tests.cases import every

CASES = [
    # at RCPT it is about who receives
    (Stage.RCPT, 550, "5.1.1 User unknown", Fault.READER),
    (Stage.RCPT, 550, "5.4.1 Recipient address rejected: Access denied", Fault.READER),
    (Stage.RCPT, 550, "5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; blocked", Fault.READER),
    (Stage.RCPT, 554, "5.7.1 Relay access denied", Fault.READER),
    (Stage.RCPT, 550, "no", Fault.READER),
    (Stage.RCPT, 550, "#5.1.0 Address rejected", Fault.READER),
    (Stage.RCPT, 552, "5.2.2 Mailbox over quota limit", Fault.READER),
    (Stage.RCPT, 550, "5.5.0 mailbox unavailable", Fault.READER),
    (Stage.RCPT, 501, "5.1.3 Bad recipient address syntax", Fault.READER),
    (Stage.RCPT, 450, "4.2.0 Greylisted, too fast, come back in 300 seconds", Fault.LATER),
    (Stage.RCPT, 451, "4.7.1 Greylisting in action", Fault.LATER),
    (Stage.RCPT, 450, "4.2.1 The user is receiving mail too quickly", Fault.LATER),
    (Stage.RCPT, 451, "4.3.0 try again later", Fault.LATER),
    (Stage.RCPT, 550, "5.3.2 system not accepting messages", Fault.MESSAGE),
    (Stage.RCPT, 550, "5.1.8 sender's domain not found", Fault.MESSAGE),
    (Stage.RCPT, 504, "5.5.2 Helo command rejected", Fault.MESSAGE),
    # after the body it is about the message, unless the code names the mailbox
    (Stage.END, 552, "5.3.4 Message size exceeds fixed limit", Fault.MESSAGE),
    (Stage.END, 554, "5.6.0 refused for its content", Fault.MESSAGE),
    (Stage.END, 550, "5.7.26 unauthenticated", Fault.MESSAGE),
    (Stage.END, 554, "transaction failed", Fault.MESSAGE),
    (Stage.END, 550, "5.1.1 no such user", Fault.READER),
    (Stage.END, 552, "5.2.2 mailbox full", Fault.READER),
    (Stage.END, 552, "5.2.3 message too long for this mailbox", Fault.MESSAGE),
    (Stage.END, 550, "no such user here", Fault.READER),
    (Stage.END, 552, "mailbox full", Fault.READER),
    (Stage.END, 554, "delivery error: dd This user doesn't have an example.com account", Fault.READER),
    (Stage.END, 552, "Message size exceeds the limit", Fault.MESSAGE),
    (Stage.END, 452, "4.3.1 the disk is full", Fault.LATER),
    # limits, of the session and of the rate
    (Stage.MAIL, 421, "4.7.0 bye", Fault.SESSION),
    (Stage.END, 421, "too many", Fault.SESSION),
    (Stage.MAIL, 452, "4.3.2 too many messages in this session", Fault.SESSION),
    (Stage.RCPT, 452, "4.5.3 Too many recipients", Fault.SESSION),
    (Stage.MAIL, 450, "Max 10 messages per connection reached", Fault.SESSION),
    (Stage.MAIL, 554, "5.7.0 Too many mails for this SMTP session", Fault.SESSION),
    (Stage.MAIL, 451, "Session message limit exceeded", Fault.SESSION),
    (Stage.MAIL, 450, "Maximum number of transactions reached", Fault.SESSION),
    (Stage.RCPT, 451, "4.3.0 message limit per session reached", Fault.SESSION),
    (Stage.END, 452, "4.1.0 you reached the maximum number of messages for this connection", Fault.SESSION),
    (Stage.RCPT, 450, "4.7.1 Error: too many recipients from 192.0.2.1", Fault.RATE),
    (Stage.END, 432, "4.3.2 Concurrent connections limit exceeded", Fault.RATE),
    (Stage.MAIL, 450, "4.7.1 Error: too much mail from 192.0.2.1", Fault.RATE),
    (Stage.RCPT, 450, "4.7.1 rate limit exceeded", Fault.RATE),
    (Stage.END, 451, "4.7.1 Slow down (17)", Fault.RATE),
    (Stage.RCPT, 421, "4.7.28 rate", Fault.SESSION),
    (Stage.DATA, 550, "5.4.5 Daily user sending quota exceeded", Fault.RATE),
    # before a recipient is named it is about us
    (Stage.MAIL, 550, "5.7.1 sender not allowed", Fault.SENDER),
    (Stage.MAIL, 552, "5.3.4 Message size exceeds fixed limit", Fault.MESSAGE),
    (Stage.MAIL, 451, "4.3.0 database error", Fault.SERVER),
    (Stage.RCPT, 530, "5.7.0 authentication required", Fault.SENDER),
    (Stage.AUTH, 535, "5.7.8 wrong", Fault.SENDER),
]


@every(("stage", "code", "words", "fault"), CASES)
def test_a_reply_says_whose_fault_it_is(stage: Stage, code: int, words: str, fault: Fault) -> None:
    assert Reply(stage, code, words).fault is fault


def test_codes_outweigh_words() -> None:
    assert Reply(Stage.RCPT, 550, "5.1.1 blocked by policy, relay denied, rate limit").fault is Fault.READER


def test_what_is_not_the_readers_fault_costs_no_attempt() -> None:
    charged = {one for one in Fault if Outcome(State.FAILED, "4", one).is_attempt}
    assert charged == {Fault.READER, Fault.LATER, Fault.MESSAGE}


def test_a_code_is_read_where_it_begins_the_words_and_nowhere_else() -> None:
    assert Enhanced.read(" 5.1.10 gone") == Enhanced(5, 1, 10)
    assert Enhanced.read("version 5.1.1 here") is None
