"""`premis.xml` of a bag: what was done to which file, by what, in PREMIS 3.0 (loc.gov/standards/premis/v3).

Two objects and one event for each result, then the agents. The order of elements is that of PREMIS's schema, which
knows no other.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from photochrom import __version__

from .plain import plain

NAME = "premis.xml"
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<premis xmlns="http://www.loc.gov/premis/v3" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0">\n'
)
_OURS = "Photochrom"
_PROGRAM = f"Photochrom {__version__}"
Entry = dict[str, Any]
Entries = Callable[[], Iterable[Entry]]
"""The entries of the manifest, as often as they are asked for."""


def premis(entries: Entries) -> Iterator[bytes]:
    """Yield the file: objects, events, agents; of items that have a result, as the manifest tells of them."""
    yield _HEAD.encode()
    for entry in _made(entries):
        yield (_original(entry) + _result(entry)).encode()
    models: dict[str, Entry] = {}
    for entry in _made(entries):
        if entry["model"]:
            models[_model_of(entry)] = entry["model"]
        yield _event(entry).encode()
    yield _agent(_PROGRAM, _OURS, __version__).encode()
    for identity, model in models.items():
        note = f"SHA-256 of its weights: {model['weights_sha256']}" if model["weights_sha256"] else ""
        yield _agent(identity, model["name"], model["version"], note).encode()
    yield b"</premis>\n"


def _made(entries: Entries) -> Iterator[Entry]:
    return (entry for entry in entries() if entry.get("finished_at"))


def _original(entry: Entry) -> str:
    told = _characteristics(entry["original_sha256"], entry["original_bytes"], entry["original_media_type"])
    return _object(_id(entry, "original"), told + _element("originalName", entry["item"]))


def _result(entry: Entry) -> str:
    told = _characteristics(entry["result_sha256"], entry["result_bytes"], entry["result_media_type"])
    if entry["result"]:
        told += _element("originalName", entry["result"])
    source = _identifier("relatedObjectIdentifier", _id(entry, "original"))
    cause = _identifier("relatedEventIdentifier", _id(entry, "event"))
    derived = _element("relationshipType", "derivation") + _element("relationshipSubType", "has source")
    return _object(_id(entry, "result"), told + f"<relationship>{derived}{source}{cause}</relationship>")


def _event(entry: Entry) -> str:
    detail = json.dumps({"options": entry["options"], "model": _model_of(entry)}, ensure_ascii=False)
    outcome = _element("eventOutcome", "success")
    outcome += "".join(
        f"<eventOutcomeDetail>{_element('eventOutcomeDetailNote', note)}</eventOutcomeDetail>"
        for note in entry["warnings"]
    )
    agents = [_PROGRAM, *([_model_of(entry)] if entry["model"] else [])]
    return (
        f"<event>{_identifier('eventIdentifier', _id(entry, 'event'))}"
        + _element("eventType", "creation")
        + _element("eventDateTime", entry["finished_at"])
        + f"<eventDetailInformation>{_element('eventDetail', detail)}</eventDetailInformation>"
        + f"<eventOutcomeInformation>{outcome}</eventOutcomeInformation>"
        + "".join(
            _identifier("linkingAgentIdentifier", agent, linkingAgentRole="executing program")
            for agent in agents
        )
        + _identifier("linkingObjectIdentifier", _id(entry, "original"), linkingObjectRole="source")
        + _identifier("linkingObjectIdentifier", _id(entry, "result"), linkingObjectRole="outcome")
        + "</event>\n"
    )


def _agent(identity: str, name: str, version: str, note: str = "") -> str:
    told = _element("agentName", name) + _element("agentType", "software") + _element("agentVersion", version)
    noted = _element("agentNote", note) if note else ""
    return f"<agent>{_identifier('agentIdentifier', identity)}{told}{noted}</agent>\n"


def _object(identity: str, told: str) -> str:
    return f'<object xsi:type="file">{_identifier("objectIdentifier", identity)}{told}</object>\n'


def _characteristics(sha256: str, size: int, media_type: str) -> str:
    fixity = _element("messageDigestAlgorithm", "SHA-256") + _element("messageDigest", sha256)
    designation = f"<formatDesignation>{_element('formatName', media_type)}</formatDesignation>"
    return (
        f"<objectCharacteristics><fixity>{fixity}</fixity>{_element('size', str(size))}"
        f"<format>{designation}</format></objectCharacteristics>"
    )


def _identifier(name: str, value: str, **more: str) -> str:
    behind = "".join(_element(role, said) for role, said in more.items())
    return f"<{name}>{_element(f'{name}Type', _OURS)}{_element(f'{name}Value', value)}{behind}</{name}>"


def _id(entry: Entry, of: str) -> str:
    return f"{entry['job']}/{of}"


def _model_of(entry: Entry) -> str:
    model = entry["model"]
    return f"{model['name']} {model['version']} {model['weights_sha256'][:12]}".strip() if model else ""


def _element(name: str, text: str) -> str:
    # What XML has no room for cannot be in a name of ours, but may be in an old record.
    return f"<{name}>{escape(plain(text))}</{name}>"
