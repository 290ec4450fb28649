"""What a SendGrid key may do, asked without sending anything.

https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions: GET /v3/scopes
"""

import requests


class KeyRefused(Exception):
    """The key can't be used, or nobody could be asked; the message says what to do."""


def scopes(host: str, key: str, timeout: float) -> frozenset[str] | None:
    """The permissions of a key; None where SendGrid knows it and tells nobody what it may do.

    `timeout` is in seconds. KeyRefused says why the key can't be used. No redirect is followed: the key
    would go to another host.
    """
    try:
        answer = requests.get(
            f"{host}/v3/scopes",
            headers={"Authorization": f"Bearer {key}"},
            timeout=timeout,
            allow_redirects=False,
        )
    except (requests.RequestException, UnicodeError) as error:
        words = (
            f"SendGrid can't be asked at {host}: {type(error).__name__}. Check the network, then try again."
        )
        raise KeyRefused(words) from None  # its words could hold the key
    if answer.status_code == 401:
        raise KeyRefused("SendGrid does not know the key (401). Copy it again, or make another one.")
    if answer.status_code == 403:
        return None
    if answer.status_code != 200:
        raise KeyRefused(f"SendGrid answers {answer.status_code} at {host}. Try again in a while.")
    return _listed(answer)


def _listed(answer: requests.Response) -> frozenset[str]:
    try:
        return frozenset(str(one) for one in answer.json()["scopes"])
    except (ValueError, KeyError, TypeError):
        raise KeyRefused("What answers is not SendGrid: look at BRIEF_SENDGRID_HOST.") from None
