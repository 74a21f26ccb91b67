"""Receive an upload and accept it as a job."""
