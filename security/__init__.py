"""What could do harm: hostile files and archives, fuzzing, and the packages of others that are shipped."""
