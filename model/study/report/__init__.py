"""What a study found, as tables, pictures and sentences; every number comes from its CSV files."""
