"""A mistake in the configuration gives one line with file, line, key and what was expected."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from irods_omero.errors import SettingsError
from irods_omero.settings import Settings, load_settings, parse_address, parse_shards, read_secret, settings_path
from irods_omero.settings.mistakes import PATTERNS
from irods_omero.settings.omero_first import OmeroFirstSettings, rules_of
from irods_omero.vocabulary import POLICY_FILE, POLICY_FILE_VARIABLE

GOOD: dict[str, Any] = {
    "zone": {"name": "tempZone", "host": "localhost", "user": "agent"},
    "omero": {"host": "localhost", "user": "service"},
    "watch": {"roots": ["/tempZone/home"]},
}


def write(path: Path, text: str) -> Path:
    file = path / "policy.json"
    file.write_text(text, encoding="utf-8")
    return file


def mistakes(path: Path, text: str) -> list[str]:
    file = write(path, text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    return [line.removeprefix(f"{file}:") for line in str(caught.value).splitlines()]


def test_a_short_configuration_is_enough(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, json.dumps(GOOD)))
    assert settings.zone.port == 1247
    assert settings.omero.port == 4064
    assert parse_shards(settings.agent.shards) == frozenset(range(64))


@pytest.mark.parametrize(
    ("section", "change", "message"),
    [
        ("zone", {"port": "1247"}, 'zone.port: input should be a valid integer, got "1247"'),
        ("zone", {"hots": "x"}, "zone.hots: there is no such key; is host meant?"),
        ("zone", {"nothing like it": "x"}, "zone.nothing like it: there is no such key"),
        (
            "tiers",
            {"fast": {"name": "f", "ofline": True}},
            "tiers.fast.ofline: there is no such key; is offline meant?",
        ),
        ("zone", {"name": None}, "zone.name: input should be a valid string, got null"),
        ("watch", {"roots": []}, "watch.roots: must name at least one, got []"),
        (
            "watch",
            {"roots": ["home"]},
            'watch.roots.0: must be an absolute path without a slash at its end, got "home"',
        ),
        ("agent", {"shards": "0-64"}, "agent.shards: '0-64' names no shards: they go from 0 to 63, got \"0-64\""),
        ("agent", {"shards": "7-3"}, "agent.shards: '7-3' names no shards: they go from 0 to 63, got \"7-3\""),
        ("agent", {"metrics": "x"}, "agent.metrics: 'x' is no address with a port, as in '127.0.0.1:9410', got \"x\""),
        ("agent", {"shards": "0, 1"}, "agent.shards: must be as in '0-31' or '3,5,8', without blanks, got \"0, 1\""),
        ("zone", {"options": {"x": 0.5}}, "zone.options.x: must be a string, an integer, or true or false"),
        ("imports", {"attempts": 0}, "imports.attempts: input should be greater than or equal to 1, got 0"),
    ],
)
def test_a_mistake_is_named_with_its_key(tmp_path: Path, section: str, change: dict[str, Any], message: str) -> None:
    wrong = {**GOOD, section: {**GOOD.get(section, {}), **change}}
    assert mistakes(tmp_path, json.dumps(wrong)) == [f"1: {message}"]


def test_a_section_that_is_none_and_a_mistake_between_two_have_their_lines(tmp_path: Path) -> None:
    assert mistakes(tmp_path, json.dumps({**GOOD, "omero": []})) == [
        "1: omero: must be an object in braces { }, got []"
    ]
    text = json.dumps({**GOOD, "cache": {"evict": "with-tier"}}, indent=1)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "with-tier" in each)
    (mistake,) = mistakes(tmp_path, text)
    assert mistake == f"{line}: cache.evict: takes omero.repository: the agent has to see OMERO's managed repository"


def test_a_key_that_is_there_twice_is_a_mistake(tmp_path: Path) -> None:
    text = json.dumps(GOOD)[:-1] + ',\n "cache": {"verify_days": 24, "verify_days": 12},\n "cache": {}}'
    assert mistakes(tmp_path, text) == [
        "2: cache.verify_days: is there twice, first in line 2",
        "3: cache: is there twice, first in line 2",
    ]


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("irods_client_server_policy", "CS_NEG_REFUSED", "has to be CS_NEG_REQUIRE or CS_NEG_REFUSE"),
        ("client_server_policy", "CS_NEG_DONT_CARE", "has to be CS_NEG_REQUIRE or CS_NEG_REFUSE"),
        ("irods_password", "secret", "does not belong here: name a password_file"),
    ],
)
def test_options_that_would_not_do_what_they_seem_to_are_mistakes(
    tmp_path: Path, option: str, value: str, why: str
) -> None:
    (mistake,) = mistakes(tmp_path, json.dumps({**GOOD, "zone": {**GOOD["zone"], "options": {option: value}}}))
    assert mistake == f"1: zone.options: {option} {why}"


def test_every_pattern_of_a_key_is_told_in_words() -> None:
    patterns = re.findall(r'"pattern": "((?:[^"\\\\]|\\\\.)*)"', json.dumps(Settings.model_json_schema()))
    assert {json.loads(f'"{pattern}"') for pattern in patterns} <= PATTERNS.keys()


def test_a_rule_that_moves_takes_a_repository_that_the_agent_sees(tmp_path: Path) -> None:
    rules = {"omero_first": [{"groups": ["lab"]}, {"groups": ["*"], "how": "move"}]}
    (mistake,) = mistakes(tmp_path, json.dumps({**GOOD, **rules}))
    assert mistake.startswith("1: omero_first.1.how: 'move' takes omero.repository")
    seeing = {**GOOD, "omero": {**GOOD["omero"], "repository": "/OMERO/ManagedRepository"}, **rules}
    assert [rule.how for rule in load_settings(write(tmp_path, json.dumps(seeing))).omero_first] == ["copy", "move"]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"how": "register", "repository": "/OMERO"}, "how: 'register' takes a resource whose host sees OMERO's"),
        ({"how": "register", "resource": "fast"}, "how: 'register' takes the repository as the host of the resource"),
        ({"how": "copy", "repository": "/OMERO"}, "repository: goes with 'register' alone"),
        ({"how": "register", "resource": "fast", "repository": "OMERO"}, "repository: must be an absolute path"),
    ],
)
def test_a_rule_that_registers_says_on_which_resource_and_where_the_repository_is(
    tmp_path: Path, rule: dict[str, str], why: str
) -> None:
    (mistake,) = mistakes(tmp_path, json.dumps({**GOOD, "omero_first": [{"groups": ["*"], **rule}]}))
    assert mistake.startswith(f"1: omero_first.0.{why}")


def test_the_repository_of_a_rule_that_registers_is_where_the_agent_sees_it_unless_it_says_otherwise() -> None:
    seen, mounted = (
        OmeroFirstSettings(groups=["*"], how="register", resource="fast", repository=repository)
        for repository in (None, "/mnt/OMERO")
    )
    assert [rule.repository for rule in rules_of([seen, mounted], "/OMERO")] == ["/OMERO", "/mnt/OMERO"]


@pytest.mark.parametrize(
    "cache", [{"evict": "with-tier"}, {"most_bytes": 1}, {"share": {"fast": "/vault"}}, {"link": {"fast": "/vault"}}]
)
def test_what_is_done_with_copies_takes_a_repository_that_the_agent_sees(tmp_path: Path, cache: dict[str, Any]) -> None:
    (mistake,) = mistakes(tmp_path, json.dumps({**GOOD, "cache": cache}))
    assert mistake.startswith(f"1: cache.{next(iter(cache))}: takes omero.repository")
    seeing = {**GOOD, "omero": {**GOOD["omero"], "repository": "/OMERO/ManagedRepository"}, "cache": cache}
    assert load_settings(write(tmp_path, json.dumps(seeing))).cache.model_dump(exclude_defaults=True) == cache


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("9410", ("127.0.0.1", 9410)),
        ("0.0.0.0:9410", ("0.0.0.0", 9410)),
        ("host.example.org:80", ("host.example.org", 80)),
        ("[::1]:9410", ("::1", 9410)),
    ],
)
def test_a_port_alone_is_open_to_this_machine_only(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", ":9410", "0", "70000", "host:", "host:x", "-1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        parse_address(text)


def test_a_mistake_is_named_with_its_line(tmp_path: Path) -> None:
    text = json.dumps({**GOOD, "attributes": [{"avu": "a", "tag_namespace": "n"}, {"avu": "b"}]}, indent=1)
    line = text[: text.rindex("{")].count("\n") + 1
    (mistake,) = mistakes(tmp_path, text)
    assert mistake.startswith(f"{line}: attributes.1: exactly one of `tag_namespace`, `tag_set` and `key` says where")


@pytest.mark.parametrize(
    ("avus", "namespaces", "message"),
    [
        (["a", "a"], ["n", "m"], "'a' is mapped twice"),
        (["a", "b"], ["n", "n"], "'n' is mapped twice"),
        (["omero::request"], ["n"], "'omero::request' belongs to this policy or to storage tiering"),
        (["irods::access_time"], ["n"], "'irods::access_time' belongs to this policy or to storage tiering"),
        (["a"], ["irods.org/omero/tier"], "'irods.org/omero/tier' belongs to this policy"),
    ],
)
def test_mapped_attributes_may_not_meet(tmp_path: Path, avus: list[str], namespaces: list[str], message: str) -> None:
    mapped = [{"avu": a, "tag_namespace": n} for a, n in zip(avus, namespaces, strict=True)]
    (mistake,) = mistakes(tmp_path, json.dumps({**GOOD, "attributes": mapped}))
    assert mistake.startswith(f"1: attributes: {message}")


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    assert len(mistakes(tmp_path, json.dumps({"zone": {}, "omero": {}, "watch": {}}))) == 6


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"opens": ["parts/*.a"]}, "'parts/*.a' in `opens` lies in a collection of which no pattern of `beside` takes"),
        ({"opens": ["{stem}.a"]}, "'{stem}.a' in `opens` cannot hold {stem}, which is what the star in it stands for"),
        (
            {"opens": ["a"], "beside": ["{stem}.b"]},
            "'a' needs exactly one star, and no slash, as {stem} in `beside` is what the",
        ),
        ({"opens": ["*.a"], "beside": ["../*"]}, "'../*' is no path from the collection of a file on, as in 'parts/*'"),
        ({"opens": ["*.a"], "beside": ["{name}.b"]}, "'{name}.b' may hold *, ? and {stem}, and no other signs"),
        ({"opens": ["*.a"], "needed": True}, "`needed` says nothing without `beside`"),
    ],
)
def test_rules_for_files_that_could_match_nothing_are_mistakes(
    tmp_path: Path, rule: dict[str, Any], message: str
) -> None:
    text = json.dumps({**GOOD, "imports": {"file_rules": [{"name": "ours", **rule}]}})
    (mistake,) = mistakes(tmp_path, text)
    assert mistake.startswith(f"1: imports.file_rules.0: {message}")


@pytest.mark.parametrize("attribute", ["omero::at", " OMERO::at", "irods::access_time", "site::*", ""])
def test_where_bytes_are_is_said_by_an_attribute_of_the_sites_own(tmp_path: Path, attribute: str) -> None:
    (mistake,) = mistakes(tmp_path, json.dumps({**GOOD, "tiers": {"tape": {"residency": attribute}}}))
    assert "tiers" in mistake
    load_settings(write(tmp_path, json.dumps({**GOOD, "tiers": {"tape": {"residency": "site::at"}}})))


@pytest.mark.parametrize(
    ("tier", "message"),
    [
        ({"residency": "site::at", "residency_child": "cache"}, "name one of residency, residency_child and"),
        ({"residency_command": ["dmattr", "-a"]}, "name the program of residency_command by its absolute path"),
        ({"residency_command": ["/bin/dmattr"], "residency_words": {"REG": "near"}}, "'online', 'offline' or 'moving'"),
    ],
)
def test_one_thing_says_where_bytes_are(tmp_path: Path, tier: dict[str, Any], message: str) -> None:
    (mistake,) = mistakes(tmp_path, json.dumps({**GOOD, "tiers": {"tape": tier}}))
    assert "tiers" in mistake
    assert message in mistake


def test_what_becomes_of_omeros_copies_takes_its_repository(tmp_path: Path) -> None:
    for change in ({"evict": "with-tier"}, {"most_bytes": 1}, {"verify_days": 24}):
        (key,) = change
        (mistake,) = mistakes(tmp_path, json.dumps({**GOOD, "cache": change}))
        assert f"cache.{key}: takes omero.repository" in mistake


@pytest.mark.parametrize("text", ["", "{", '{"zone": }', "[1]", "null", '{"a": 1} x'])
def test_what_is_no_configuration_at_all_is_one_mistake(tmp_path: Path, text: str) -> None:
    assert len(mistakes(tmp_path, text)) == 1


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / "missing.json")


def test_the_file_is_the_given_one_then_the_environments_then_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(POLICY_FILE_VARIABLE, raising=False)
    assert settings_path() == Path(POLICY_FILE)
    monkeypatch.setenv(POLICY_FILE_VARIABLE, "/a.json")
    assert settings_path() == Path("/a.json")
    assert settings_path("/b.json") == Path("/b.json")


def test_a_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from the file\n")
    assert read_secret(str(file), "NAME", {}) == "from the file"
    assert read_secret(str(file), "NAME", {"NAME": "from the environment"}) == "from the environment"


def test_a_missing_secret_says_where_it_may_be_put(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="password_file in the configuration, or set NAME"):
        read_secret(None, "NAME", {})
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(SettingsError, match="is empty"):
        read_secret(str(tmp_path / "empty"), "NAME", {})


@pytest.mark.parametrize(
    ("mapped", "message"),
    [
        ([{"avu": "a", "tag_set": "iRODS storage"}], "'iRODS storage' belongs to this policy"),
        ([{"avu": "om*", "key": "*"}], "'om*' belongs to this policy or to storage tiering"),
        ([{"avu": "OMERO::*", "key": "*"}], "'OMERO::*' belongs to this policy or to storage tiering"),
        ([{"avu": "a", "key": "k", "key_namespace": "irods.org/omero/object"}], "'k' belongs to this policy"),
        ([{"avu": "a*", "key": "*"}, {"avu": "ab", "tag_set": "s"}], "'ab' is mapped twice"),
        ([{"avu": "a*", "key": "*"}, {"avu": "b", "key": "k"}], "'k' is mapped twice"),
        ([{"avu": "a*", "key": "x*"}, {"avu": "b*", "key": "xy*"}], "'xy*' is mapped twice"),
        ([{"avu": "a", "tag_set": "s"}, {"avu": "b", "tag_set": "s"}], "'s' is mapped twice"),
    ],
)
def test_attributes_of_many_kinds_may_not_meet(tmp_path: Path, mapped: list[dict[str, str]], message: str) -> None:
    (mistake,) = mistakes(tmp_path, json.dumps({**GOOD, "attributes": mapped}))
    assert mistake.startswith(f"1: attributes: {message}")


@pytest.mark.parametrize(
    ("mapped", "message"),
    [
        ({"avu": "a", "key": "k", "tag_set": "s"}, "attributes.0: exactly one of `tag_namespace`, `tag_set` and `key`"),
        ({"avu": "a*", "tag_set": "s"}, "attributes.0: an attribute that ends with a star needs a key that does"),
        ({"avu": "a", "key": "k*"}, "attributes.0: an attribute that ends with a star needs a key that does"),
        ({"avu": "a", "key": "k", "units": "{value}{unit}"}, "attributes.0.units: there has to be something between"),
        ({"avu": "a", "key": "k", "units": "{value}"}, "attributes.0.units: a template has {value} and {unit}"),
        ({"avu": "a", "key": "k", "units": "\x07"}, "attributes.0.units: its unit has control characters"),
        (
            {"avu": "a", "key": "k", "units": "{value} {unit}", "values": {"x": "y"}},
            "attributes.0: `values` and a template of `units` do not go together",
        ),
        ({"avu": "a", "key": "k", "values": {"x": "z", "y": "z"}}, "attributes.0.values: two values are 'z' in OMERO"),
        ({"avu": "a", "key": "k", "values": {"x": "y", "y": "z"}}, "attributes.0.values: 'y' is a value and the text"),
    ],
)
def test_an_attribute_that_cannot_be_mapped(tmp_path: Path, mapped: dict[str, Any], message: str) -> None:
    (mistake,) = mistakes(tmp_path, json.dumps({**GOOD, "attributes": [mapped]}))
    assert mistake.startswith(f"1: {message}")


def test_the_same_key_in_other_namespaces_and_the_same_name_in_other_places_do_not_meet(tmp_path: Path) -> None:
    mapped = [
        {"avu": "a", "key": "k"},
        {"avu": "b", "key": "k", "key_namespace": "site.example"},
        {"avu": "c", "tag_set": "k"},
        {"avu": "d", "tag_namespace": "k"},
        {"avu": "e::*", "key": "e *", "values": {"x": "x"}},
    ]
    settings = load_settings(write(tmp_path, json.dumps({**GOOD, "attributes": mapped})))
    assert len(settings.attributes) == len(mapped)
