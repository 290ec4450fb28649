"""What a page says after something was done: the address carries a code, the words are here.

So nobody can put words of their own on our pages by handing a link around.
"""

SAID = {
    "added": "Added.",
    "changed": "Saved.",
    "removed": "Removed.",
    "topic-changed": "Saved. The next build uses it; e-mails that are written stay as they are.",
    "topic-added": "Added. Readers can follow it now.",
    "topic-removed": "Removed. Nobody follows it any more; issues that hold it stay.",
    "suppressed": "Suppressed: nothing is sent there any more.",
    "unsuppressed": "No longer suppressed.",
    "not-suppressed": "It was not suppressed.",
    "domain-suppressed": "The address is not suppressed itself; its whole domain is. See the list.",
    "approved": "Approved, as you saw it. It goes out by itself, to each reader at their own hour.",
    "held": "Held: the issue waits for approval again.",
    "planned": "Everybody gets it now, whatever hour they chose. The workers send it.",
    "paused": "Paused. What was on its way is finished; nothing more leaves.",
    "resumed": "Sending goes on.",
    "cancelled": "Cancelled. What was not sent is skipped.",
    "edited": "Edited. The issue needs approval as it is now.",
    "undone": "Every edit is undone. The issue is as it was built.",
    "resolved": "Written down.",
    "retried": "They wait for the workers now.",
    "released": "The late ones are due now; they leave within seconds.",
    "tested": "The test leaves within seconds. What became of it: brief deliveries transactional.",
}
