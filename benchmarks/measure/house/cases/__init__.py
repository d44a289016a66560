"""What the proof that the house changed no bit compares. Start at `case.py`; nothing here imports the insides of `elmo`."""
