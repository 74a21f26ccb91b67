"""The list of ways."""

from model.study.plans import PLANS, SINGLE, parts


def test_a_combination_has_the_tasks_of_its_parts():
    combined = [way for way in PLANS if way not in SINGLE]
    assert len(combined) == 9
    for way in combined:
        one, other = parts(way)
        assert PLANS[way].tasks == (*SINGLE[one].tasks, *SINGLE[other].tasks)
        assert way.endswith(PLANS[way].mixing)


def test_a_single_way_is_its_own_part():
    assert all(parts(way) == (way,) for way in SINGLE)


def test_all_but_two_single_ways_have_a_task():
    without = [way for way, plan in SINGLE.items() if not plan.tasks]
    assert {way: SINGLE[way].mixing for way in without} == {"random": "nothing", "clustering": "clustering"}
