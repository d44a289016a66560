"""Files of labelled examples -> examples: CoNLL, jsonl, tables, PubTator, SQuAD; tags and the spans that they make."""
