"""What docs/reliability.md says first and lists is what holds and can be run."""

import re

from support.faults.__main__ import FAULTS
from support.servers.running import ROOT

TEXT = (ROOT / "docs/reliability.md").read_text()


def test_the_first_sentence_names_what_a_power_cut_may_take() -> None:
    promise = TEXT.split("\n\n")[1].replace("\n", " ")
    assert "comes through, or fails with a code" in promise
    assert "a power cut may take what was accepted in its last second" in promise


def test_its_table_has_a_row_of_every_fault_and_of_no_other() -> None:
    commands = re.findall(r"^\| `([a-z-]+)[^`]*` \|", TEXT.partition("What *back after*")[0], re.MULTILINE)
    assert sorted(commands) == sorted(FAULTS)
