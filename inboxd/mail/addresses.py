"""Mailboxes in header fields (RFC 5322 section 3.4): names for people, addresses beyond doubt.

Well-formed lists of the common kind are read by one pattern; everything else goes to mail-parser's
structural scanner, which finds mailboxes by the grammar and never by what looks like one. What it
refuses is searched for addresses, so that nobody's answer is lost, and is marked with a defect.
"""

from __future__ import annotations

import re
from email.errors import MessageError
from typing import Any

from mailparser.utils import get_addresses

from inboxd.mail.headers import clean_line, decode_words
from inboxd.mail.model import Address
from inboxd.mail.reading import Reading

MAX_ADDRESS_CHARS = 998
# What a list may take, for each address that the budget allows.
_CHARS_EACH = 64

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++"
_PLAIN_ADDRESS = rf"({_ATEXT}(?:\.{_ATEXT})*+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)"
# One member of a list: an address, or a name without specials and an address in angle brackets.
# Possessive, because every repetition ends at a character that it does not take.
_MEMBER = re.compile(
    r" *+(?:"
    rf"{_PLAIN_ADDRESS}"
    r"|(?:\"([^\"\\<>@=]*+)\" *+|((?:=\?[\w*-]++\?[bBqQ]\?[^? <>@\",()]*+\?= *+)++)|([\w .'-]*+))"
    rf"<{_PLAIN_ADDRESS}>"
    r") *+(?:,|\Z)"
)
# An encoded word wherever it stands. A sender that forgot to encode a comma in it must not split
# the list there; an address in it must not become one.
_WORD = re.compile(r"=\?[\w*-]{1,60}\?[bBqQ]\?[^?<>@\"]*\?=")
_STAND_IN = re.compile(r"=\?(\d+)\?=")
_LOCAL_MAILBOX = re.compile(
    r"([\w .'\"-]*+)<([\w-]{1,64})>|([\w-]{1,64}) *\(([\w .'-]*+)\)", re.ASCII
)
# What a semicolon may have a meaning beside: groups, quoted strings, comments, encoded words.
_STRUCTURE = re.compile(r"[:\"()]|=\?")
_UNQUOTED_LIST = re.compile(r'[^"(=,;:]*[,;][^"(=:]*')
_EMPTY_MEMBERS = re.compile(r"([,;])(?: *+[,;])++")
# Marks around a name and an address; what stands in brackets besides an address is no name.
_AROUND = re.compile(r"[<>\"\[\]\\]|mailto:|\( *\)")
_NAME_CHARS = 200
_BETWEEN = re.compile(r"[\s<>()\[\]\",;:]+")


def read_addresses(field: str, value: str, reading: Reading) -> tuple[Address, ...]:
    """Return the mailboxes in `value`, an unfolded field that is not yet decoded.

    `field` is the name that defects carry. At most the budget's number of addresses is read.
    Never raises.
    """
    if not value:
        return ()
    most = reading.budget.max_addresses
    found = _read_common(value, most, reading)
    if found is None and ";" in value and not _STRUCTURE.search(value):
        # Outlook shows lists with semicolons, and people and programs copy that.
        value = value.replace(";", ",").rstrip(", ")
        reading.note(f"{field}: semicolons between addresses: read as commas")
        found = _read_common(value, most, reading)
    if found is None:
        # A lone ">" is what is left of brackets somebody tore; nothing is said by it.
        whole = _EMPTY_MEMBERS.sub(r"\1", value if "<" in value else value.replace(">", ""))
        if len(whole) > most * _CHARS_EACH:
            whole = whole[: most * _CHARS_EACH]
            reading.note(f"{field}: long and not well formed: read shortened")
        found = _read_structurally(field, whole, reading)
    if len(found) > most:
        reading.note(f"{field}: more than {most} addresses: the rest is left out")
    return tuple(found[:most])


def read_author(
    values: list[str], stand_ins: tuple[Address, ...], reading: Reading
) -> tuple[Address, ...]:
    """Return every mailbox that the From fields may mean, each address once.

    One mailbox means that there is no other reading. Where the fields name none, the only one of
    `stand_ins` (what Sender or Reply-To say) is taken. Whatever was not in order is a defect that
    begins with "from:", so that nobody is trusted on the strength of it.
    """
    found: dict[str, Address] = {}
    for value in values:
        if "<@" in value:
            reading.note("from: a route before the address: the address taken")
        addresses = read_addresses("from", value, reading) or _local_mailboxes(value)
        # A comma in a name that nobody quoted parts it: "Doe, Jane <jane@…>".
        if len(addresses) == 1 and (not addresses[0].name or _UNQUOTED_LIST.fullmatch(value)):
            addresses = [Address(_name_around(value, addresses[0], reading), addresses[0].address)]
        for address in addresses:
            found.setdefault(address.key, address)
    if len(values) > 1:
        reading.note(f"from: {len(values)} fields: all of them read")
    if len(found) > 1:
        reading.note("from: several mailboxes: no author")
    elif not found:
        alone = len(stand_ins) == 1
        hidden = () if alone else _hidden(values, reading)
        taken = "Sender or Reply-To taken" if alone else "the encoded one taken"
        reading.note(f"from: no address: {taken if alone or hidden else 'no author'}")
        return stand_ins if alone else hidden
    else:
        _doubt(next(iter(found.values())), reading)
    return tuple(found.values())


def _name_around(value: str, address: Address, reading: Reading) -> str:
    """Return the words around the only address of a field that is not well formed.

    They are what the sender meant for a name, as far as nothing in them looks like an address.
    """
    words = decode_words(value, reading, "name").replace(address.address, " ")
    name = " ".join(_AROUND.sub(" ", words).split()).strip(" ,;'")
    usual = 0 < len(name) <= _NAME_CHARS and "@" not in name
    return clean_line(name) if usual else ""


def _hidden(values: list[str], reading: Reading) -> tuple[Address, ...]:
    """Return the mailbox of a sender that encoded name and address together, if it is one."""
    decoded = [decode_words(value, reading, "from") for value in values[:1] if "=?" in value]
    found = [address for text in decoded for address in _candidates(clean_line(text))]
    if len(found) != 1:
        return ()
    return (Address(_name_around(decoded[0], found[0], reading), found[0].address),)


def _doubt(author: Address, reading: Reading) -> None:
    if "@" not in author.address:
        reading.note("from: an address without domain: taken as it stands")
    shown = {word.strip(".'").casefold() for word in _BETWEEN.split(author.name) if "@" in word}
    if shown - {author.key, "@"}:
        reading.note("from: another address in the name: the one in brackets taken")


def _local_mailboxes(value: str) -> list[Address]:
    """Return the mailbox of a sender on its own host, such as `MAILER-DAEMON (Mail System)`."""
    local = _LOCAL_MAILBOX.fullmatch(value)
    if local is None:
        return []
    return [Address((local[1] or local[4] or "").strip(' "'), local[2] or local[3])]


def _read_common(value: str, most: int, reading: Reading) -> list[Address] | None:
    """Read a list whose members are all of the common kind, or return None."""
    found: list[Address] = []
    position = 0
    while position < len(value) and len(found) <= most:
        member = _MEMBER.match(value, position)
        if member is None:
            return None
        bare, quoted, encoded, words, angled = member.groups()
        address = bare or angled
        if "=?" in address:
            return None
        if encoded:
            quoted = decode_words(encoded, reading, "name")
        found.append(_named(quoted or words or "", address))
        position = member.end()
    return found


class _StandIns:
    """Encoded words taken out of a field, so that nothing in them is read as its structure."""

    def __init__(self, value: str) -> None:
        self._words: list[str] = []
        self.value = _WORD.sub(self._taken, value) if "=?" in value else value

    def _taken(self, word: re.Match[str]) -> str:
        self._words.append(word.group())
        return f"=?{len(self._words) - 1}?="

    def restored(self, text: str) -> str:
        """Return `text` with the words back in their places."""
        return _STAND_IN.sub(self._word, text) if "=?" in text else text

    def _word(self, stand_in: re.Match[str]) -> str:
        number = int(stand_in[1])
        return self._words[number] if number < len(self._words) else stand_in[0]


def _read_structurally(field: str, value: str, reading: Reading) -> list[Address]:
    stand_ins = _StandIns(value)
    diagnostics: list[dict[str, Any]] = []
    try:
        pairs = get_addresses(stand_ins.value, defects=diagnostics)
    # Its standard-library half raises these on hostile fields (malformed words, comments, limits).
    except (MessageError, ValueError, LookupError, TypeError, RecursionError):
        reading.note(f"{field}: unreadable: every address in it taken")
        return _candidates(value)
    found: list[Address] = []
    for name, address in pairs:
        address = stand_ins.restored(address)
        if address.startswith("'") and address.endswith("'"):
            reading.note(f"{field}: quotes around an address: taken off")
            address = address.strip("'")
        if not address or len(address) > MAX_ADDRESS_CHARS or not address.isprintable():
            continue
        found.append(_named(decode_words(stand_ins.restored(name), reading, "name"), address))
        if "=?" in address:
            reading.note(f"{field}: an encoded word for an address: both readings taken")
            found += _candidates(decode_words(address, reading, "address"))
    for diagnostic in diagnostics:
        if not diagnostic["recovered"]:
            reading.note(f"{field}: {diagnostic['reason']}: every address in it taken")
            found += _candidates(stand_ins.restored(diagnostic["raw"]))
        elif not _names_itself(diagnostic["candidates"]):
            reading.note(f"{field}: {diagnostic['reason']}: its address taken")
    return list(dict.fromkeys(found))


def _named(name: str, address: str) -> Address:
    """Return a mailbox; a name that only repeats the address is none."""
    name = clean_line(name)
    same = name.strip("'<>\" ").casefold() == address.casefold()
    return Address("" if same or name in ("'", "''") else name, address)


def _names_itself(candidates: list[dict[str, str]]) -> bool:
    """Whether the odd name is the address once more, as many senders write it."""
    return all(
        found["display_name"].strip("'\"<> ").casefold() == found["address"].casefold()
        for found in candidates
    )


def _candidates(text: str) -> list[Address]:
    """Return whatever looks like an address in a text that is no list of mailboxes.

    Where a sign of one more is left over, nothing is sure, and none is returned.
    """
    if "@" not in text:
        return []
    words = [word.strip(".'") for word in _BETWEEN.split(text) if "@" in word]
    if not all(map(_is_address, words)):
        return []
    return [Address("", word) for word in dict.fromkeys(words)]


def _is_address(word: str) -> bool:
    local, _, domain = word.partition("@")
    usable = bool(local and domain) and "@" not in domain and word.isprintable()
    return usable and len(word) <= MAX_ADDRESS_CHARS
