"""Old calls that still work: AllenNLP, simple_elmo, ELMoForManyLangs. Change the import, keep the code; thin, over `embed`."""
