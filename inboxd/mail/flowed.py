"""format=flowed (RFC 3676): paragraphs that were wrapped for transport are made whole again."""

from __future__ import annotations


def unflow(text: str, *, delsp: bool) -> str:
    """Return `text`, which has LF line ends, without its soft line breaks and space-stuffing.

    Quoted paragraphs keep one ">" for each level and a space. `delsp` says that the space before a
    soft break belongs to the break (parameter DelSp=yes).
    """
    paragraphs: list[list[str]] = []
    open_depth = -1
    for line in text.split("\n"):
        content = line.lstrip(">") if line.startswith(">") else line
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        # "-- " is a signature separator, never a paragraph that goes on (section 4.3).
        separator = content == "-- "
        flows = content.endswith(" ") and not separator
        if flows and delsp:
            content = content[:-1]
        if open_depth == depth and not separator:
            paragraphs[-1].append(content)
        else:
            paragraphs.append([f"{'>' * depth} {content}" if depth else content])
        open_depth = depth if flows else -1
    return "\n".join(map("".join, paragraphs))
