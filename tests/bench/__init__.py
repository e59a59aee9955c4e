"""The bench: figures measured against something in the same run, since absolute ones say more about the machine."""
