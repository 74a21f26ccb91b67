"""What the comparison of exported files says of the processor."""

from benchmarks.precision import instructions

CPUINFO = "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu avx avx2 avx512f avx512_vnni\nbogomips\t: 5000\n\n"


def test_the_processors_instructions_are_named() -> None:
    assert instructions(CPUINFO * 2) == "AMD EPYC: AVX2, AVX-512, VNNI, no BF16"
    assert instructions(CPUINFO.replace("avx512_vnni", "")) == "AMD EPYC: AVX2, AVX-512, no VNNI, no BF16"
    assert instructions("") == "an unnamed processor: no AVX2, no AVX-512, no VNNI, no BF16"
