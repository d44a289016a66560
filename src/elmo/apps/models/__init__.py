"""Models: model files in, other formats, facts and perplexities out."""
