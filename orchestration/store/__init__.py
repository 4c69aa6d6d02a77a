"""What everything stands on: texts as SQL, and files that are whole or not there."""
