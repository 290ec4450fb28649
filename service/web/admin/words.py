"""What a page says after something was done: the address carries a code, the words are here.

So nobody can put words of their own on our pages by handing a link around.
"""

SAID = {
    "added": "Added.",
    "changed": "Saved.",
    "removed": "Removed.",
    "suppressed": "Suppressed: nothing is sent there any more.",
    "unsuppressed": "No longer suppressed.",
}
