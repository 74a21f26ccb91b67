"""What every benchmark measures with: clocks, memory, scenes, a stack of processes, tables."""
