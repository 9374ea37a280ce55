"""Attachments' names as people see them: never a path, never empty, safe to write to a disk."""

from __future__ import annotations

import re

from inboxd.mail.headers import clean_line

MAX_CHARS = 150
# What common file systems take for one name is 255 bytes; this leaves room for a prefix.
MAX_BYTES = 240

_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.I)
_MAX_EXTENSION = 20
_EXTENSIONS = {
    "application/gzip": "gz",
    "application/json": "json",
    "application/msword": "doc",
    "application/ms-tnef": "dat",
    "application/pdf": "pdf",
    "application/pgp-encrypted": "asc",
    "application/pgp-keys": "asc",
    "application/pgp-signature": "asc",
    "application/pkcs7-mime": "p7m",
    "application/pkcs7-signature": "p7s",
    "application/x-pkcs7-mime": "p7m",
    "application/x-pkcs7-signature": "p7s",
    "application/rtf": "rtf",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/xml": "xml",
    "application/zip": "zip",
    "application/epub+zip": "epub",
    "application/javascript": "js",
    "application/vnd.ms-outlook": "msg",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.rar": "rar",
    "application/x-7z-compressed": "7z",
    "application/x-gzip": "gz",
    "application/x-pdf": "pdf",
    "application/x-rar-compressed": "rar",
    "application/x-tar": "tar",
    "application/x-zip-compressed": "zip",
    "application/xhtml+xml": "html",
    "audio/amr": "amr",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/tiff": "tif",
    "image/vnd.microsoft.icon": "ico",
    "image/webp": "webp",
    "image/x-icon": "ico",
    "image/x-png": "png",
    "message/rfc822": "eml",
    "message/global": "eml",
    "text/calendar": "ics",
    "text/css": "css",
    "text/csv": "csv",
    "text/directory": "vcf",
    "text/html": "html",
    "text/javascript": "js",
    "text/markdown": "md",
    "text/rtf": "rtf",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
    "text/xml": "xml",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
}
_NAMES = {
    "text/calendar": "invitation.ics",
    "text/x-vcalendar": "invitation.ics",
    "application/ics": "invitation.ics",
    "application/calendar": "invitation.ics",
    "application/pgp-signature": "signature.asc",
    "application/pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-mime": "smime.p7m",
    "application/pkcs7-signature": "smime.p7s",
    "application/x-pkcs7-signature": "smime.p7s",
}


def safe_filename(name: str, content_type: str, part: int) -> str:
    """Return `name` as the bare name of a file.

    That is the last element of a path, without control characters, characters that file systems
    forbid, leading dots and excess length. What is left empty is named after `content_type` and
    `part`, such as "attachment-3.pdf".
    """
    return _bounded(clean_line(name).replace("\\", "/").rpartition("/")[2]) or default_name(
        content_type, part
    )


def filename_from_subject(subject: str, part: int) -> str:
    """Return the name of an attached mail: its subject, of which no part is taken for a path."""
    name = _bounded(clean_line(subject)[:MAX_CHARS])
    return _bounded(f"{name}.eml") if name else f"attachment-{part}.eml"


def default_name(content_type: str, part: int) -> str:
    """Return the name of a nameless attachment."""
    plain = "txt" if content_type.startswith("text/") else "bin"
    extension = _EXTENSIONS.get(content_type, plain)
    return _NAMES.get(content_type) or f"attachment-{part}.{extension}"


def _bounded(name: str) -> str:
    name = _FORBIDDEN.sub("_", name).strip().lstrip(". ").rstrip(". ")
    if _DEVICE.match(name):
        name = f"_{name}"
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > _MAX_EXTENSION:
        stem, dot, extension = name, "", ""
    tail = dot + extension
    stem = stem[: MAX_CHARS - len(tail)]
    while len((stem + tail).encode("utf-8")) > MAX_BYTES:
        stem = stem[:-1]
    return stem.rstrip() + tail if stem.strip() else ""
