from benchmarks.cores import Turn, Way, report, splits, ways


def test_each_power_of_two_up_to_a_process_a_core_is_tried():
    assert [splits(cores) for cores in (1, 2, 6, 16)] == [[1], [1, 2], [1, 2, 4], [1, 2, 4, 8, 16]]


def test_each_process_has_its_share_of_the_cores_as_threads():
    tried = ways([6, 1], [12])
    assert [(way.cores, way.processes, way.threads) for way in tried] == [
        (6, 4, 1), (6, 2, 3), (6, 1, 6), (1, 1, 1)
    ]  # fmt: skip


def test_ratios_are_of_medians_to_one_process_on_as_many_cores():
    alone = [Turn(pace, cpu=2.0) for pace in (1.0, 0.9, 0.1)]
    both = [Turn(pace, cpu=1.0) for pace in (10.0, 1.8, 1.0)]
    table = report({Way(1, 2, 2): both, Way(1, 2, 1): alone, Way(1, 4, 4): both})
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    assert rows == [
        ["1", "2", "1", "2", "0.90", "1.00", "2.000"],
        ["1", "2", "2", "1", "1.80", "2.00", "1.000"],
        ["1", "4", "4", "1", "1.80", "", "1.000"],
    ]
