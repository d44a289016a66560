"""Files of labelled examples -> examples: CoNLL, jsonl, tables, PubTator, SQuAD; tags <-> spans."""
