"""The configuration as it is read: defaults, secrets, paths, names."""

from __future__ import annotations

from pathlib import Path

import pytest

from inboxd.config import Config, is_loopback, load_config
from inboxd.errors import ConfigError

MINIMAL = """\
mailboxes:
  - {name: support, address: support@shop.example}
listen: {smtp: {port: 2525}}
send: {maildir: sent}
agents:
  - {name: anna, address: anna@shop.example, teams: [desk, billing]}
  - {name: ben, address: ben@shop.example, aliases: [b@home.example], teams: desk, role: admin}
"""


def load(folder: Path, text: str = MINIMAL, **environ: str) -> Config:
    path = folder / "inboxd.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, environ)


def test_what_is_not_said_has_a_safe_default(tmp_path: Path) -> None:
    config = load(tmp_path)
    mailbox = config.mailboxes[0]
    assert [source.smtp is not None for source in mailbox.sources] == [True]
    assert (mailbox.reply_address, mailbox.send_delay.seconds) == ("{local}+{token}@{domain}", 0)
    listener = config.listen.smtp
    assert listener is not None
    assert (listener.host, listener.limits.size, listener.limits.recipients) == (
        "127.0.0.1", 50_000_000, 100,
    )  # fmt: skip
    assert config.secret_key is None


def test_paths_are_taken_from_the_files_folder_wherever_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "inboxd.yaml").write_text(MINIMAL + "data_dir: ../var\nrules: /r\n")
    monkeypatch.chdir(tmp_path)
    config = load_config(Path("etc/inboxd.yaml"), {})
    assert config.data_dir == tmp_path / "var"
    assert config.database_url == f"sqlite:///{tmp_path}/var/inboxd.db"
    assert config.send.maildir == tmp_path / "etc" / "sent"
    assert (config.rules, config.canned) == (Path("/r"), tmp_path / "etc" / "canned")
    assert config.path == tmp_path / "etc" / "inboxd.yaml"


def test_certificates_are_taken_from_there_too(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem", "ca.pem"):
        (tmp_path / name).touch()
    text = MINIMAL.replace(
        "{port: 2525}", "{port: 1, tls: {cert_file: cert.pem, key_file: key.pem}}"
    )
    text = text.replace("{maildir: sent}", "{smtp: {host: relay.example, ca_file: ca.pem}}")
    text = text.replace(
        "support@shop.example}",
        "support@shop.example, sources: [imap: {host: h, user: u, password: p, ca_file: ca.pem}]}",
    )
    config = load(tmp_path, text)
    assert config.listen.smtp is not None
    assert config.listen.smtp.tls is not None
    assert config.listen.smtp.tls.key_file == tmp_path / "key.pem"
    assert config.send.smtp is not None
    assert config.send.smtp.ca_file == tmp_path / "ca.pem"
    source = config.mailboxes[0].sources[0].imap
    assert source is not None
    assert source.ca_file == tmp_path / "ca.pem"
    assert source.key() == "imap:u@h:993/INBOX"


def test_secrets_come_from_the_environment_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("from a file\n", encoding="utf-8")
    text = MINIMAL.replace(
        "{maildir: sent}", "{smtp: {host: '${HOST}.example', user: u, password: file:pw}}"
    )
    config = load(tmp_path, text + "secret_key: ${KEY}\n", HOST="relay", KEY="k" * 20)
    assert config.send.smtp is not None
    assert config.send.smtp.host == "relay.example"
    assert config.send.smtp.password is not None
    assert config.send.smtp.password.get_secret_value() == "from a file"
    assert config.secret_key is not None
    assert config.secret_key.get_secret_value() == "k" * 20
    assert "from a file" not in repr(config)
    assert "kkkk" not in repr(config)


@pytest.mark.parametrize("environ", [{}, {"KEY": ""}])
def test_a_secret_key_that_is_not_set_is_made_later(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    assert load(tmp_path, MINIMAL + "secret_key: ${KEY}\n", **environ).secret_key is None


def test_values_of_the_environment_are_not_expanded_again(tmp_path: Path) -> None:
    text = MINIMAL.replace("{maildir: sent}", "{maildir: '${A}'}")
    config = load(tmp_path, text, A="${B}", B="b")
    assert config.send.maildir == tmp_path / "${B}"


def test_file_is_for_secrets_alone(tmp_path: Path) -> None:
    text = MINIMAL.replace("{maildir: sent}", "{smtp: {host: 'file:/etc/hostname'}}")
    config = load(tmp_path, text)
    assert config.send.smtp is not None
    assert config.send.smtp.host == "file:/etc/hostname"


@pytest.mark.parametrize(
    ("text", "size"),
    [("1000", 1000), ("25 MB", 25_000_000), ("1.5kB", 1500), ("1 gb", 10**9), ("7 B", 7)],
)
def test_sizes_have_units(tmp_path: Path, text: str, size: int) -> None:
    config = load(tmp_path, MINIMAL.replace("{port: 2525}", f"{{limits: {{size: {text}}}}}"))
    assert config.listen.smtp is not None
    assert config.listen.smtp.limits.size == size


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"])
def test_loopback_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1.evil.example", "127.evil.example", "localhost.evil.example", "0.0.0.0", "::", ""],
)
def test_what_only_looks_like_loopback_is_not(host: str) -> None:
    assert not is_loopback(host)


def test_names_of_agents_and_teams_lead_to_agents(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert {name: [a.name for a in members] for name, members in config.teams.items()} == {
        "desk": ["anna", "ben"], "billing": ["anna"],
    }  # fmt: skip
    assert [a.name for a in config.agents_named(["billing", "desk", "ANNA"])] == ["anna", "ben"]
    assert config.agents_named(["nobody"]) == ()
    assert config.agents[1].writes_from("B@Home.example")
    assert not config.agents[0].writes_from("b@home.example")
    assert config.agents[0].shown == "Anna"


def test_the_admins_are_told(tmp_path: Path) -> None:
    assert load(tmp_path).admin_addresses == ("ben@shop.example",)
    admins = load(tmp_path, MINIMAL + "admins: [ops@shop.example]\n").admin_addresses
    assert admins == ("ops@shop.example",)
    nobody = MINIMAL.replace(", role: admin", "")
    assert load(tmp_path, nobody).admin_addresses == ("anna@shop.example",)
    assert load(tmp_path, nobody[: nobody.index("agents")]).admin_addresses == ()


def test_the_nearest_time_zone_counts(tmp_path: Path) -> None:
    text = MINIMAL.replace("support@shop.example}", "support@shop.example, timezone: Asia/Tokyo}")
    text = text.replace("billing]}", "billing], timezone: America/Lima}")
    config = load(tmp_path, text + "timezone: Europe/Berlin\n")
    mailbox, (anna, ben) = config.mailboxes[0], config.agents
    assert str(config.zone()) == "Europe/Berlin"
    assert str(config.zone(mailbox)) == "Asia/Tokyo"
    assert str(config.zone(mailbox, anna)) == "America/Lima"
    assert str(config.zone(mailbox, ben)) == "Asia/Tokyo"


def test_lmtp_speaks_lmtp(tmp_path: Path) -> None:
    config = load(tmp_path, MINIMAL.replace("smtp: {port: 2525}", "lmtp: {port: 2424}"))
    assert [each.protocol for each in config.listen.all()] == ["lmtp"]


def test_all_faults_come_at_once_and_in_order(tmp_path: Path) -> None:
    text = MINIMAL.replace("2525", "x").replace("role: admin", "role: boss") + "zone: UTC\n"
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert [fault.line for fault in caught.value.faults] == [3, 7, 8]


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml:0:0: cannot be read: No such file"):
        load_config(tmp_path / "nowhere.yaml", {})


def test_secrets_come_from_systemds_credentials(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "inboxd.key").write_text("a key of the service manager\n", encoding="utf-8")
    (folder / "old").write_text("an older key of it\n", encoding="utf-8")
    text = MINIMAL + "secret_key: credential:inboxd.key\nold_secret_keys: ['credential: old']\n"
    config = load(tmp_path, text, CREDENTIALS_DIRECTORY=str(folder))
    assert config.secret_key is not None
    assert config.secret_key.get_secret_value() == "a key of the service manager"
    assert config.old_secret_keys[0].get_secret_value() == "an older key of it"


def test_commands_beside_the_service_find_its_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inboxd.config.values.SERVICE_CREDENTIALS", tmp_path)
    (tmp_path / "key").write_text("a key of the service manager\n", encoding="utf-8")
    config = load(tmp_path, MINIMAL + "secret_key: credential:key\n")
    assert config.secret_key is not None
    assert config.secret_key.get_secret_value() == "a key of the service manager"


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "", "..", "a b"])
def test_a_credentials_name_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="is not the name of a credential"):
        load(
            tmp_path,
            MINIMAL + f"secret_key: 'credential:{name}'\n",
            CREDENTIALS_DIRECTORY=str(tmp_path),
        )
