"""What is known of a photograph before it is decoded, and how it may be colorized."""
